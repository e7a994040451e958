import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import { systemClock } from '../../domain/clock.ts';
import { UsageError } from '../../domain/errors.ts';
import { isAtRest, type JobStatus } from '../../domain/job.ts';
import type { JobView } from '../../jobs/view.ts';
import { jobIdOf } from '../arguments.ts';
import { print, printJson, say } from '../output.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  lines: string;
  follow?: boolean;
  json?: boolean;
}

const MOST_LINES = 100_000;
/** After the end of one who worked on a job, another is looked for so often, this far apart. */
const TAKEOVER_LOOKS = 6;
const TAKEOVER_PAUSE_MS = 500;

const EXAMPLE = `
Example:
  longhand logs 12 -n 200 -f`;

export function defineLogs(program: Command, shell: Shell): void {
  program
    .command('logs')
    .description("print the end of a job's log")
    .argument('<id>', 'number of the job')
    .option('-n, --lines <n>', 'this many lines', '50')
    .option('-f, --follow', 'go on as long as the job is worked on')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action((id: string, flags: Flags) => logs(shell, jobIdOf(id), flags));
}

async function logs(shell: Shell, id: number, { lines, follow, json }: Flags): Promise<void> {
  if (!/^\d+$/.test(lines) || Number(lines) > MOST_LINES) {
    throw new UsageError(`-n must be a number of lines up to ${MOST_LINES}, not "${lines}".`);
  }
  if (follow && json) throw new UsageError('--follow and --json do not go together.', 'Leave one of them out.');
  const { lookUp } = await import('../look-up.ts');
  const config = await shell.config();
  const end = await lookUp(shell, config, (api) => api.getLog(`/api/jobs/${id}/log?lines=${lines}`));
  if (json) return printJson({ id, lines: end.text.split('\n').slice(0, -1) });
  if (end.text === '' && Number(lines) > 0) say(`Job ${id} has no log: it was never worked on, or its log was old.`);
  print(end.text);
  if (!follow) return;
  const { ask } = await import('../session.ts');
  const follower = new Follower(id, end.position);
  // Of several that wait for a job, one takes it over in a moment; we must not stand in its way.
  for (let looks = 0; looks < TAKEOVER_LOOKS; looks += 1) {
    const before = follower.position;
    if (isAtRest(await ask(shell, config, (api) => follower.goOn(api)))) return;
    if (follower.position > before) looks = 0;
    await systemClock.sleep(TAKEOVER_PAUSE_MS);
  }
  say(`Nobody works on job ${id} now. Go on with it: longhand resume ${id}`);
}

/** Prints what is added to a log, whole lines, each once: whoever works on the job, and however often that changes. */
class Follower {
  readonly #jobId: number;
  #position: number;

  constructor(jobId: number, position: number) {
    this.#jobId = jobId;
    this.#position = position;
  }

  /** Bytes of the whole log up to what was printed. */
  get position(): number {
    return this.#position;
  }

  /**
   * Follows until the job rests or nobody works on it. Rejects when the owner ends; called again, it goes on from there.
   * @returns the job's state
   */
  async goOn(api: ApiClient): Promise<JobStatus> {
    let rest = '';
    for await (const piece of api.pieces(`/api/jobs/${this.#jobId}/log?from=${this.#position}&follow=true`)) {
      const lines = (rest + piece).split(/(?<=\n)/);
      rest = lines.at(-1)?.endsWith('\n') ? '' : (lines.pop() ?? '');
      for (const line of lines) {
        process.stdout.write(line);
        this.#position += Buffer.byteLength(line);
      }
    }
    return (await api.get<JobView>(`/api/jobs/${this.#jobId}`)).status;
  }
}
