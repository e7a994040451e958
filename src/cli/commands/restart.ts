import type { Command } from 'commander';
import { EXIT, type Shell } from '../shell.ts';
import { type StartFlags, start, withStartOptions } from './start.ts';
import { STOP_SECONDS, stop } from './stop.ts';

/** For what is neither the end nor the start. */
const MARGIN_SECONDS = 5;

export function defineRestart(program: Command, shell: Shell, finish: (code: number) => void): void {
  withStartOptions(
    program.command('restart').description('stop the service and start it in the background, with the settings of now'),
  )
    .addHelpText(
      'after',
      '\nWhat was in work goes on from its checkpoint. Flags of the last start are not remembered: give them again.\n\nExample:\n  longhand restart',
    )
    .action(async (flags: StartFlags) => finish(await restart(shell, flags)));
}

async function restart(shell: Shell, flags: StartFlags): Promise<number> {
  const { whileRestarting } = await import('../../service/restarting.ts');
  const { dataDir } = await shell.config();
  const mostMs = (STOP_SECONDS + flags.timeout + MARGIN_SECONDS) * 1000;
  // Whoever waits for a job would else take the folder over in the moment between.
  return await whileRestarting(dataDir, mostMs, async () => {
    const stopped = await stop(shell, { timeout: STOP_SECONDS });
    return stopped === EXIT.done ? await start(shell, flags) : stopped;
  });
}
