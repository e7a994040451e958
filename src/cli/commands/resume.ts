import type { Command } from 'commander';
import type { GoesOn } from '../../api/routes/control.ts';
import { type Selection, type SelectionFlags, selectJobs, withSelection } from '../selection.ts';
import type { Shell } from '../shell.ts';
import { type TextFlags, withTextOptions } from '../text-options.ts';

const SELECTION: Selection = { verb: 'resume', statuses: ['paused', 'pending', 'failed', 'cancelled', 'retrying'] };

const EXAMPLE = `
A job that waits to be tried again after an error tries at once. One that is paused by quiet hours waits for its hours.
Exit code: 0 all done, 1 one was refused or failed, 130 interrupted.

Examples:
  longhand resume 12
  longhand resume --status paused --yes --output texts`;

export function defineResume(program: Command, shell: Shell, finish: (code: number) => void): void {
  withTextOptions(
    withSelection(
      program
        .command('resume')
        .description('go on with stopped, paused, failed or cancelled jobs from their checkpoints'),
      SELECTION,
    ),
    'print one JSON document with all jobs and their texts',
  )
    .addHelpText('after', EXAMPLE)
    .action(async (texts: string[], flags: TextFlags & SelectionFlags) => {
      const ids = await selectJobs(shell, texts, flags, SELECTION);
      if (!ids) return;
      const { goOnWith } = await import('../go-on.ts');
      finish(await goOnWith(shell, { ids, flags, request: (api, id) => api.post(`/api/jobs/${id}/resume`), sentence }));
    });
}

function sentence({ id, from }: GoesOn): string {
  return from === 'processing' ? `Job ${id} is being worked on` : `Job ${id} goes on`;
}
