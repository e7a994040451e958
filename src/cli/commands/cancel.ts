import type { Command } from 'commander';
import type { Controlled } from '../../jobs/control.ts';
import { type Selection, type SelectionFlags, selectJobs, withSelection } from '../selection.ts';
import type { Shell } from '../shell.ts';

const SELECTION: Selection = { verb: 'cancel', statuses: ['pending', 'processing', 'retrying', 'paused'] };

const EXAMPLE = `
The processes of a job that is worked on are ended at once. The chunks that are done are kept, so that
longhand resume can still go on with it.
Exit code: 0 all were cancelled, 1 one of them could not be.

Examples:
  longhand cancel 12
  longhand cancel --status retrying`;

export function defineCancel(program: Command, shell: Shell, finish: (code: number) => void): void {
  withSelection(program.command('cancel').description('give jobs up, also in the middle of the work'), SELECTION)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (texts: string[], flags: SelectionFlags) => {
      const ids = await selectJobs(shell, texts, flags, SELECTION);
      if (!ids) return;
      const { controlJobs } = await import('../control.ts');
      const request = (api: import('../../api/client.ts').ApiClient, id: number) =>
        api.post<Controlled>(`/api/jobs/${id}/cancel`);
      const sentence = ({ id }: Controlled) => `Job ${id} was cancelled.`;
      finish(await controlJobs(shell, { ids, json: flags.json ?? false, request, sentence }));
    });
}
