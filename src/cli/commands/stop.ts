import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import { LonghandError, UsageError } from '../../domain/errors.ts';
import type { JobStatus } from '../../domain/job.ts';
import type { QueueView } from '../../jobs/queue-view.ts';
import { rangesOf } from '../arguments.ts';
import { numberOf } from '../engine-options.ts';
import { asTyped, print } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

interface Flags {
  timeout: number;
}

/** A chunk in flight has 8 s, then processes 5 s; the rest is for a slow machine. */
export const STOP_SECONDS = 60;

export function defineStop(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('stop')
    .description('stop the service; what is in work rests at its checkpoint')
    .option('--timeout <seconds>', 'how long to wait until it has ended', numberOf, STOP_SECONDS)
    .addHelpText(
      'after',
      '\nWhat was in work goes on with the next start. Called again while the service ends, it is ended at once.\n\nExit code: 0 it does not run any more, 1 it does.\n\nExample:\n  longhand stop',
    )
    .action(async (flags: Flags) => finish(await stop(shell, flags)));
}

/** @returns the exit code */
export async function stop(shell: Shell, { timeout }: Flags): Promise<number> {
  if (!(timeout > 0)) throw new UsageError('--timeout must be above 0.');
  const { dataDir } = await shell.config();
  const [{ findOwner, isService, nameOf }, { endProcess }, { SilentOwnerError }] = await Promise.all([
    import('../../service/find.ts'),
    import('../../service/end.ts'),
    import('../../service/errors.ts'),
  ]);
  const found = await findOwner(dataDir);
  if (found.state === 'nobody') {
    print('Longhand does not run.');
    return EXIT.done;
  }
  if (found.state === 'silent') {
    if (!found.process) throw new SilentOwnerError(dataDir);
    await endProcess(found.process, timeout * 1000);
    print('Longhand has stopped.');
    return EXIT.done;
  }
  if (!isService(found.facts)) {
    throw new LonghandError({
      kind: 'usage',
      message: `The service does not run; ${nameOf(found.facts)} works with the data folder.`,
      remedy: 'It ends with its work, or with Ctrl-C where it was started.',
    });
  }
  const jobs = await watchJobsInWork(found.api);
  await endProcess(found.facts.process, timeout * 1000);
  print(['Longhand has stopped.', ...jobs()].join(' '));
  return EXIT.done;
}

/** @returns tells what became of the jobs that are in work now, once the service has ended */
async function watchJobsInWork(api: ApiClient): Promise<() => string[]> {
  const { followJobs } = await import('../follow-jobs.ts');
  const became = new Map<number, JobStatus>();
  const follower = await followJobs(
    api,
    (news) => {
      if (news.type === 'state') became.set(news.jobId, news.status);
    },
    new AbortController().signal,
  );
  const { running } = await api.get<QueueView>('/api/queue?limit=1');
  return () => {
    follower.close();
    const rest = running.map(({ id }) => id).filter((id) => (became.get(id) ?? 'pending') === 'pending');
    if (rest.length === 0) return [];
    const [jobs, rests, goes] = rest.length === 1 ? ['Job', 'rests', 'it goes'] : ['Jobs', 'rest', 'they go'];
    return [asTyped(`${jobs} ${rangesOf(rest)} ${rests} at the checkpoint; ${goes} on with: longhand start`)];
  };
}
