import type { Command } from 'commander';
import { UsageError } from '../../domain/errors.ts';
import { jobIdOf } from '../arguments.ts';
import { print, printJson, say } from '../output.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  lines: string;
  follow?: boolean;
  json?: boolean;
}

const MOST_LINES = 100_000;

const EXAMPLE = `
Example:
  longhand logs 12 -n 200 -f`;

export function defineLogs(program: Command, shell: Shell): void {
  program
    .command('logs')
    .description("print the end of a job's log")
    .argument('<id>', 'number of the job')
    .option('-n, --lines <n>', 'this many lines', '50')
    .option('-f, --follow', 'go on as long as the job is worked on')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action((id: string, flags: Flags) => logs(shell, jobIdOf(id), flags));
}

async function logs(shell: Shell, id: number, { lines, follow, json }: Flags): Promise<void> {
  if (!/^\d+$/.test(lines) || Number(lines) > MOST_LINES) {
    throw new UsageError(`-n must be a number of lines up to ${MOST_LINES}, not "${lines}".`);
  }
  if (follow && json) throw new UsageError('--follow and --json do not go together.', 'Leave one of them out.');
  const [{ ask }, { OwnerGoneError }] = await Promise.all([import('../session.ts'), import('../../api/client.ts')]);
  const path = `/api/jobs/${id}/log?lines=${lines}`;
  await ask(shell, await shell.config(), async (api) => {
    if (!follow) {
      const text = await api.getText(path);
      if (json) return printJson({ id, lines: text.split('\n').slice(0, -1) });
      if (text === '' && Number(lines) > 0) say(`Job ${id} has no log: it was never worked on, or its log was old.`);
      return print(text);
    }
    let begun = false;
    try {
      for await (const piece of api.pieces(`${path}&follow=true`)) {
        begun = true;
        process.stdout.write(piece);
      }
    } catch (error) {
      // Asked once more it would begin again with lines that were printed already.
      if (!begun || !(error instanceof OwnerGoneError)) throw error;
      say('The process that worked on it has ended.');
    }
  });
}
