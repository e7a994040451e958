import type { Command } from 'commander';
import { JOB_STATUSES } from '../../domain/job.ts';
import type { Deleted } from '../../jobs/delete.ts';
import { shown } from '../output.ts';
import { type Selection, type SelectionFlags, selectJobs, withSelection } from '../selection.ts';
import type { Shell } from '../shell.ts';

const SELECTION: Selection = {
  verb: 'delete',
  statuses: JOB_STATUSES,
  warning: 'Texts, runs, logs and uploaded recordings go for good; recordings that were named by their paths stay.',
};

const EXAMPLE = `
A job that is worked on is cancelled first. What Longhand made of the recording is gone then: text, runs, files, logs. A
recording that was uploaded goes too; one that was named by its path is never touched. longhand audit still tells that the
job was there.
Exit code: 0 all were deleted, 1 one of them could not be.

Examples:
  longhand delete 12
  longhand delete 20-29 --yes
  longhand delete --status cancelled`;

export function defineDelete(program: Command, shell: Shell, finish: (code: number) => void): void {
  withSelection(program.command('delete').description('remove jobs with their texts, files and logs'), SELECTION)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (texts: string[], flags: SelectionFlags) => {
      const ids = await selectJobs(shell, texts, flags, SELECTION);
      if (!ids) return;
      const { controlJobs } = await import('../control.ts');
      const request = (api: import('../../api/client.ts').ApiClient, id: number) =>
        api.delete<Deleted>(`/api/jobs/${id}`);
      finish(await controlJobs(shell, { ids, json: flags.json ?? false, request, sentence }));
    });
}

function sentence({ id, filename, from, recordingRemoved }: Deleted): string {
  const cancelled = from === 'processing' ? 'cancelled and ' : '';
  const recording = recordingRemoved ? 'which was uploaded, went with it' : 'stays where it is';
  return `Job ${id} was ${cancelled}deleted. The recording ${shown(filename)}${recordingRemoved ? ',' : ''} ${recording}.`;
}
