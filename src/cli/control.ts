import type { ApiClient } from '../api/client.ts';
import { type ErrorReport, LonghandError, reportOf } from '../domain/errors.ts';
import type { Controlled } from '../jobs/control.ts';
import { asTyped, print, printJson, say } from './output.ts';
import { EXIT, type Shell } from './shell.ts';

/** What became of one of the jobs: what the owner did, or why it did not. */
type Answer = Controlled | { id: number; error: ErrorReport };

export interface ControlOptions {
  ids: readonly number[];
  verb: 'pause' | 'cancel';
  json: boolean;
  /** What was done, as a sentence. */
  sentence(done: Controlled): string;
}

/**
 * Asks the owner for one thing about several jobs; one that is refused keeps nobody else's from being done.
 * @returns the exit code: `failed` as soon as one was refused
 */
export async function controlJobs(shell: Shell, { ids, verb, json, sentence }: ControlOptions): Promise<number> {
  const { ask } = await import('./session.ts');
  const answers = new Map<number, Answer>();
  await ask(shell, await shell.config(), async (api) => {
    // Asked anew when the owner has gone in the middle: then only for what it has not answered.
    for (const id of ids) if (!answers.has(id)) answers.set(id, await askFor(api, id, verb));
  });
  const all = [...answers.values()];
  if (json) printJson({ jobs: all });
  else for (const answer of all) tell(answer, sentence);
  return all.some((answer) => 'error' in answer) ? EXIT.failed : EXIT.done;
}

async function askFor(api: ApiClient, id: number, verb: ControlOptions['verb']): Promise<Answer> {
  try {
    return await api.post<Controlled>(`/api/jobs/${id}/${verb}`);
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    return { id, error: reportOf(error) };
  }
}

function tell(answer: Answer, sentence: ControlOptions['sentence']): void {
  if (!('error' in answer)) {
    print(sentence(answer));
    return;
  }
  const { message, remedy } = answer.error;
  say(message);
  if (remedy) say(`  ${asTyped(remedy)}`);
}
