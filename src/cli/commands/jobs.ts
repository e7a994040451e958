import type { Command } from 'commander';
import { duration } from '../../domain/duration.ts';
import { UsageError } from '../../domain/errors.ts';
import { JOB_STATUSES } from '../../domain/job.ts';
import type { JobView } from '../../jobs/view.ts';
import { asTyped, clockTime, print, printJson, say, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  status?: string;
  limit: string;
  json?: boolean;
}

const EXAMPLE = `
Of a job that waits the number behind # is its place in the queue.

Example:
  longhand jobs --status failed`;

export function defineJobs(program: Command, shell: Shell): void {
  program
    .command('jobs')
    .description('list jobs, the newest first')
    .option('--status <status>', JOB_STATUSES.join(', '))
    .option('--limit <n>', 'at most this many', '100')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action((flags: Flags) => listJobs(shell, flags));
}

async function listJobs(shell: Shell, { status, limit, json }: Flags): Promise<void> {
  if (status && !(JOB_STATUSES as readonly string[]).includes(status)) {
    throw new UsageError(`There is no status "${status}".`, `Statuses: ${JOB_STATUSES.join(', ')}.`);
  }
  if (!/^\d+$/.test(limit) || Number(limit) < 1 || Number(limit) > 1000) {
    throw new UsageError(`--limit must be a number from 1 to 1000, not "${limit}".`);
  }
  const { lookUp } = await import('../look-up.ts');
  const query = new URLSearchParams({ limit, ...(status ? { status } : {}) });
  const { jobs } = await lookUp(shell, await shell.config(), (api) =>
    api.get<{ jobs: JobView[] }>(`/api/jobs?${query}`),
  );
  if (json) return printJson({ jobs });
  if (jobs.length === 0) return say(asTyped('No jobs. Begin with: longhand transcribe FILE'));
  print(table([['ID', 'STATUS', 'DONE', 'LEFT', 'LENGTH', 'ENGINE', 'MODEL', 'CREATED', 'FILE'], ...jobs.map(row)]));
}

function row(job: JobView): string[] {
  return [
    String(job.id),
    job.position === null ? job.status : `${job.status} #${job.position}`,
    `${Math.floor(job.progress)} %`,
    job.secondsLeft === null ? '-' : duration(job.secondsLeft),
    job.durationSeconds > 0 ? clockTime(job.durationSeconds) : '-',
    job.engine ?? '-',
    job.model,
    job.createdAt.slice(0, 16).replace('T', ' '),
    shown(job.filename),
  ];
}
