import type { Command } from 'commander';
import { jobIds } from '../arguments.ts';
import { asTyped } from '../output.ts';
import type { Shell } from '../shell.ts';

const EXAMPLE = `
A job that waits is paused at once; one that is worked on when the chunk in flight is done, and what it used is free
again then. It goes on with longhand resume.
Exit code: 0 all are paused or about to be, 1 one of them cannot be.

Example:
  longhand pause 12 13`;

export function definePause(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('pause')
    .description('let jobs rest at their checkpoints until they are resumed')
    .argument('<id...>', 'numbers of jobs, from longhand jobs')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (texts: string[], { json }: { json?: boolean }) => {
      const ids = jobIds(texts);
      const { controlJobs } = await import('../control.ts');
      const sentence = ({ id, stopping }: { id: number; stopping: boolean }) =>
        stopping
          ? `Job ${id} will pause after the chunk in flight.`
          : asTyped(`Job ${id} is paused. Go on with: longhand resume ${id}`);
      finish(await controlJobs(shell, { ids, verb: 'pause', json: json ?? false, sentence }));
    });
}
