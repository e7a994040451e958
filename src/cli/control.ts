import type { ApiClient } from '../api/client.ts';
import { type ErrorReport, LonghandError, reportOf } from '../domain/errors.ts';
import { asTyped, print, printJson, say } from './output.ts';
import { EXIT, type Shell } from './shell.ts';

/** What became of one of the jobs: what the owner did, or why it did not. */
type Answer<T> = { done: T } | { id: number; error: ErrorReport };

export interface ControlOptions<T> {
  ids: readonly number[];
  json: boolean;
  /** Asks the owner for it. */
  request(api: ApiClient, id: number): Promise<T>;
  /** What was done, as a sentence. */
  sentence(done: T): string;
}

/**
 * Asks the owner for one thing about several jobs; one that is refused keeps nobody else's from being done.
 * @returns the exit code: `failed` as soon as one was refused
 */
export async function controlJobs<T>(shell: Shell, options: ControlOptions<T>): Promise<number> {
  const { ids, json, request, sentence } = options;
  const { ask } = await import('./session.ts');
  const answers = new Map<number, Answer<T>>();
  await ask(shell, await shell.config(), async (api) => {
    // Asked anew when the owner has gone in the middle: then only for what it has not answered.
    for (const id of ids) if (!answers.has(id)) answers.set(id, await answerOf(id, () => request(api, id)));
  });
  const all = [...answers.values()];
  if (json) printJson({ jobs: all.map((answer) => ('done' in answer ? answer.done : answer)) });
  else for (const answer of all) tell(answer, sentence);
  return all.some((answer) => 'error' in answer) ? EXIT.failed : EXIT.done;
}

async function answerOf<T>(id: number, request: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { done: await request() };
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    return { id, error: reportOf(error) };
  }
}

function tell<T>(answer: Answer<T>, sentence: (done: T) => string): void {
  if ('done' in answer) print(sentence(answer.done));
  else {
    const { message, remedy } = answer.error;
    say(message);
    if (remedy) say(`  ${asTyped(remedy)}`);
  }
}
