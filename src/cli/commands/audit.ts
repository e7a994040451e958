import type { Command } from 'commander';
import { systemClock } from '../../domain/clock.ts';
import { UsageError } from '../../domain/errors.ts';
import type { AuditLine } from '../../jobs/audit.ts';
import { jobIdOf } from '../arguments.ts';
import { print, say, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';
import { momentOf } from '../since.ts';

interface Flags {
  job?: string;
  since?: string;
  limit: string;
  json?: boolean;
}

const MAX_LIMIT = 100_000;

const EXAMPLE = `
Nothing is ever changed in it, and jobs that were deleted are in it. Times are UTC. With --json each line is one change.

Examples:
  longhand audit --since 2h
  longhand audit --job 12
  longhand audit --since 2026-11-01 --json`;

export function defineAudit(program: Command, shell: Shell): void {
  program
    .command('audit')
    .description('tell every change of jobs, of the queue, of users and keys: when, who, why')
    .option('--job <id>', 'of this job only')
    .option('--since <when>', 'since a date, or so long ago: 30m, 2h, 7d')
    .option('--limit <n>', 'the newest, at most this many', '100')
    .option('--json', 'print JSON, a line for each change')
    .addHelpText('after', EXAMPLE)
    .action((flags: Flags) => audit(shell, flags));
}

async function audit(shell: Shell, { job, since, limit, json }: Flags): Promise<void> {
  if (!/^\d+$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT) {
    throw new UsageError(`--limit must be a number from 1 to ${MAX_LIMIT}, not "${limit}".`);
  }
  const query = new URLSearchParams({
    limit,
    ...(job === undefined ? {} : { job: String(jobIdOf(job)) }),
    ...(since === undefined ? {} : { since: momentOf(since, systemClock.now()) }),
  });
  const { lookUp } = await import('../look-up.ts');
  const { events } = await lookUp(shell, await shell.config(), (api) =>
    api.get<{ events: AuditLine[] }>(`/api/audit?${query}`),
  );
  if (json) return print(events.map((event) => JSON.stringify(event)).join('\n'));
  if (events.length === 0) return say('Nothing has changed.');
  print(table(events.map(row)));
  if (events.length === Number(limit)) say(`These are the newest ${limit}; --limit shows more.`);
}

function row({ at, job, type, sentence }: AuditLine): string[] {
  return [at.slice(0, 19).replace('T', ' '), job === null ? type : `job ${job}`, shown(sentence)];
}
