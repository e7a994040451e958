import type { Command } from 'commander';
import type { GoesOn } from '../../api/routes/control.ts';
import type { RetryWish } from '../../jobs/retry.ts';
import { type Selection, type SelectionFlags, selectJobs, withSelection } from '../selection.ts';
import type { Shell } from '../shell.ts';
import { type TextFlags, withTextOptions } from '../text-options.ts';

interface Flags extends TextFlags, SelectionFlags, RetryWish {}

const SELECTION: Selection = { verb: 'retry', statuses: ['failed', 'cancelled', 'retrying', 'completed'] };

const EXAMPLE = `
A job is done again with what it was submitted with. Without an option it goes on from its checkpoint; of a completed job
that would be nothing. The text that is there can be exported until the new one is.
Exit code: 0 all done, 1 one was refused or failed, 2 wrong usage, 130 interrupted.

Examples:
  longhand retry 12
  longhand retry 12 --from-start
  longhand retry 12 --stage transcribe
  longhand retry --status failed --yes --output texts`;

export function defineRetry(program: Command, shell: Shell, finish: (code: number) => void): void {
  withTextOptions(
    withSelection(
      program.command('retry').description('try failed or cancelled jobs again, or a completed one anew'),
      SELECTION,
    )
      .option('--from-start', 'forget all that is done, and begin anew')
      .option('--stage <name>', 'do one stage again, and what is made of it: prepare, transcribe'),
    'print one JSON document with all jobs and their texts',
  )
    .addHelpText('after', EXAMPLE)
    .action(async (texts: string[], flags: Flags) => {
      const { fromStart, stage } = flags;
      const { beginningOf } = await import('../../jobs/retry.ts');
      // Said once, and not of each job.
      beginningOf({ fromStart, stage });
      const ids = await selectJobs(shell, texts, flags, SELECTION);
      if (!ids) return;
      const { goOnWith } = await import('../go-on.ts');
      const request = (api: import('../../api/client.ts').ApiClient, id: number) =>
        api.post<GoesOn>(`/api/jobs/${id}/retry`, { fromStart, stage });
      finish(await goOnWith(shell, { ids, flags, request, sentence: sentenceFor({ fromStart, stage }) }));
    });
}

function sentenceFor({ fromStart, stage }: RetryWish): (job: GoesOn) => string {
  const how = stage !== undefined ? `does its stage ${stage} again` : fromStart ? 'begins anew' : 'is tried again';
  return ({ id, from }) => (from === 'retrying' ? `Job ${id} is tried again now` : `Job ${id} ${how}`);
}
