import type { Command } from 'commander';
import { jobIds } from '../arguments.ts';
import type { Shell } from '../shell.ts';

const EXAMPLE = `
The processes of a job that is worked on are ended at once. The chunks that are done are kept, so that
longhand resume can still go on with it.
Exit code: 0 all were cancelled, 1 one of them could not be.

Example:
  longhand cancel 12`;

export function defineCancel(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('cancel')
    .description('give jobs up, also in the middle of the work')
    .argument('<id...>', 'numbers of jobs, from longhand jobs')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (texts: string[], { json }: { json?: boolean }) => {
      const ids = jobIds(texts);
      const { controlJobs } = await import('../control.ts');
      const sentence = ({ id }: { id: number }) => `Job ${id} was cancelled.`;
      finish(await controlJobs(shell, { ids, verb: 'cancel', json: json ?? false, sentence }));
    });
}
