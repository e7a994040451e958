import type { Command } from 'commander';
import { UsageError } from '../../domain/errors.ts';
import { onInterrupt } from '../interrupt.ts';
import { say } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

interface Flags {
  host?: string;
  port?: string;
}

export function defineServe(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('serve')
    .description('work on all jobs that wait and answer over HTTP, until Ctrl-C or SIGTERM')
    .option('--host <address>', 'address to listen on (default: LONGHAND_HOST or 127.0.0.1)')
    .option('--port <number>', 'port to listen on; 0 takes a free one (default: LONGHAND_PORT or 7420)')
    .action(async (flags: Flags) => finish(await serve(shell, flags)));
}

async function serve(shell: Shell, flags: Flags): Promise<number> {
  const config = await shell.config(flags);
  const owner = await shell.startOwner(config, { acceptsJobs: true, takesAll: true, listens: true });
  if (!owner) {
    throw new UsageError(
      `Another process works with the data folder ${config.dataDir}.`,
      'Wait until it has ended, or stop it.',
    );
  }
  say(`Longhand listens on ${owner.address}`);
  const interrupted = new Promise<number>((resolve) => {
    onInterrupt(({ code, signal }) => {
      say('Stopping at the checkpoint; once more to end at once.');
      owner.close().then(() => resolve(signal === 'SIGTERM' ? EXIT.done : code));
    }, owner.hurry);
  });
  return await interrupted;
}
