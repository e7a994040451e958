import type { Command } from 'commander';
import { UsageError } from '../../domain/errors.ts';
import { numberOf } from '../engine-options.ts';
import { onInterrupt } from '../interrupt.ts';
import { asTyped, print, say } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';
import { withAddressOptions } from './serve.ts';

export interface StartFlags {
  host?: string;
  port?: string;
  timeout: number;
}

const START_SECONDS = 60;

export function defineStart(program: Command, shell: Shell, finish: (code: number) => void): void {
  withStartOptions(program.command('start').description('start the service in the background, unless it runs already'))
    .addHelpText(
      'after',
      '\nIt returns when the service answers, or says why it does not. The service outlives the terminal; it does not come back by\nitself after a restart of the machine.\n\nExit code: 0 it runs, 1 it does not.\n\nExamples:\n  longhand start\n  longhand start --port 8080',
    )
    .action(async (flags: StartFlags) => finish(await start(shell, flags)));
}

/** What `start` and `restart` take. */
export function withStartOptions(command: Command): Command {
  return withAddressOptions(command).option(
    '--timeout <seconds>',
    'how long it may take until it answers',
    numberOf,
    START_SECONDS,
  );
}

/** @returns the exit code */
export async function start(shell: Shell, { timeout, ...flags }: StartFlags): Promise<number> {
  if (!(timeout > 0)) throw new UsageError('--timeout must be above 0.');
  const config = await shell.config(flags);
  const [{ findOwner, isService }, { FolderTakenError }, { startInBackground, StartFailedError }] = await Promise.all([
    import('../../service/find.ts'),
    import('../../service/errors.ts'),
    import('../../service/background.ts'),
  ]);
  const before = await findOwner(config.dataDir);
  if (before.state === 'answers' && !before.facts.stopping && before.facts.takesJobs) {
    if (isService(before.facts)) return runsAlready(before.facts.address);
    throw new FolderTakenError(config.dataDir, before.facts);
  }
  const interrupted = new AbortController();
  const ignore = onInterrupt(
    () => interrupted.abort(),
    () => undefined,
  );
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  try {
    const options = { args, timeoutMs: timeout * 1000, signal: interrupted.signal };
    const { address, process } = await startInBackground(config, options);
    print(`Longhand runs at ${address} (process ${process.pid})`);
    say(asTyped('Open that address in a browser; or hand a recording in: longhand transcribe FILE'));
    say(asTyped('How it is: longhand status. Stop it: longhand stop'));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof StartFailedError)) throw error;
    if (interrupted.signal.aborted) return EXIT.interrupted;
    // Somebody else may have started it at the same moment.
    const now = await findOwner(config.dataDir);
    if (now.state === 'answers' && isService(now.facts) && !now.facts.stopping) return runsAlready(now.facts.address);
    say(`longhand: ${error.message}`);
    for (const line of error.said) say(`  ${line}`);
    return EXIT.failed;
  } finally {
    ignore();
  }
}

function runsAlready(address: string | null): number {
  print(`Longhand runs already, at ${address}`);
  return EXIT.done;
}
