import type { Command } from 'commander';
import type { Controlled } from '../../jobs/control.ts';
import { asTyped } from '../output.ts';
import { type Selection, type SelectionFlags, selectJobs, withSelection } from '../selection.ts';
import type { Shell } from '../shell.ts';

const SELECTION: Selection = { verb: 'pause', statuses: ['processing', 'pending', 'paused'] };

const EXAMPLE = `
A job that waits is paused at once; one that is worked on when the chunk in flight is done, and what it used is free
again then. It goes on with longhand resume. One that is paused by quiet hours does not go on by itself any more.
Exit code: 0 all are paused or about to be, 1 one of them cannot be.

Examples:
  longhand pause 12 13
  longhand pause 20-29
  longhand pause --status processing --yes`;

export function definePause(program: Command, shell: Shell, finish: (code: number) => void): void {
  withSelection(
    program.command('pause').description('let jobs rest at their checkpoints until they are resumed'),
    SELECTION,
  )
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (texts: string[], flags: SelectionFlags) => {
      const ids = await selectJobs(shell, texts, flags, SELECTION);
      if (!ids) return;
      const { controlJobs } = await import('../control.ts');
      const request = (api: import('../../api/client.ts').ApiClient, id: number) =>
        api.post<Controlled>(`/api/jobs/${id}/pause`);
      finish(await controlJobs(shell, { ids, json: flags.json ?? false, request, sentence }));
    });
}

function sentence({ id, stopping, pausedBefore }: Controlled): string {
  if (stopping) return `Job ${id} will pause after the chunk in flight.`;
  const until = pausedBefore === undefined ? '' : ` until you resume it, no longer by ${pausedBefore}`;
  return asTyped(`Job ${id} is paused${until}. Go on with: longhand resume ${id}`);
}
