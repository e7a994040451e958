import type { Command } from 'commander';
import { UsageError } from '../../domain/errors.ts';
import type { Prioritised } from '../../jobs/priority.ts';
import { jobIds } from '../arguments.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  to?: string;
  json?: boolean;
}

const EXAMPLE = `
The last number is the priority, from -100 to 100; 0 is that of a new job. Higher goes first, among equals the oldest. A
job that does not wait keeps it for when it waits again.
Exit code: 0 all have it, 1 one of them cannot.

Examples:
  longhand priority 12 10
  longhand priority 12 13 -5
  longhand priority 20-29 --to 3`;

export function definePriority(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('priority')
    .description('let jobs go before or after others')
    .argument('<id...>', 'numbers of jobs, then the priority; 3-7 for several jobs')
    .option('--to <n>', 'the priority, so that all other numbers are jobs')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (texts: string[], { to, json }: Flags) => {
      const wish = to ?? texts.at(-1) ?? '';
      const ids = jobIds(to === undefined ? texts.slice(0, -1) : texts);
      const priority = priorityOf(wish);
      if (ids.length === 0) {
        throw new UsageError(
          'A job and a priority are needed.',
          `For example: longhand priority ${wish} 10, or --to 10 for several jobs.`,
        );
      }
      const { controlJobs } = await import('../control.ts');
      const request = (api: import('../../api/client.ts').ApiClient, id: number) =>
        api.post<Prioritised>(`/api/jobs/${id}/priority`, { to: priority });
      finish(await controlJobs(shell, { ids, json: json ?? false, request, sentence }));
    });
}

/** @throws UsageError */
function priorityOf(text: string): number {
  const value = Number(text);
  if (/^[+-]?\d+$/.test(text) && Math.abs(value) <= 100) return value;
  throw new UsageError(`"${text}" is no priority.`, 'It is a whole number from -100 to 100; higher goes first.');
}

function sentence({ id, status, from, to, position }: Prioritised): string {
  if (from === to)
    return `Job ${id} has priority ${to} already${position === null ? '' : `: number ${position} in the queue`}.`;
  const changed = `Job ${id} has priority ${to} now, before ${from}`;
  if (position !== null) return `${changed}: number ${position} in the queue.`;
  const state = status === 'processing' ? 'being worked on' : status;
  return `${changed}. It is ${state}; the priority counts when it waits again.`;
}
