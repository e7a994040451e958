import { once } from 'node:events';
import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import { systemClock } from '../../domain/clock.ts';
import { LonghandError, reportOf } from '../../domain/errors.ts';
import type { OwnerProcess } from '../../session/owner-process.ts';
import { onInterrupt } from '../interrupt.ts';
import { asTyped, say } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

interface Flags {
  host?: string;
  port?: string;
  open?: boolean;
}

/** The service had to end by itself. */
class DatabaseLostError extends LonghandError {
  constructor(lost: unknown) {
    const { kind, message, remedy } = reportOf(lost);
    const more = 'What was in work goes on from its checkpoint as soon as a Longhand works with it again.';
    super({
      kind,
      message: `Longhand had to stop, because it lost its database: ${message}`,
      remedy: remedy ? `${remedy} ${more}` : more,
    });
  }
}

/** A command that looks something up, or an owner that ends, holds the folder for a while. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 100;

export function defineServe(program: Command, shell: Shell, finish: (code: number) => void): void {
  withAddressOptions(
    program.command('serve').description('work on all jobs that wait and answer over HTTP, until Ctrl-C or SIGTERM'),
  )
    .option('--open', 'open the address in the browser')
    .addHelpText(
      'after',
      '\nThe address must be one of this machine; 127.0.0.1 is for this machine alone.\nTo have it in the background: longhand start\n\nExamples:\n  longhand serve\n  longhand serve --port 8080 --open',
    )
    .action(async (flags: Flags) => finish(await serve(shell, flags)));
}

/** Where the service listens. */
export function withAddressOptions(command: Command): Command {
  return command
    .option('--host <address>', 'address to listen on (default: LONGHAND_HOST or 127.0.0.1)')
    .option('--port <number>', 'port to listen on; 0 takes a free one (default: LONGHAND_PORT or 7420)');
}

async function serve(shell: Shell, { open, ...flags }: Flags): Promise<number> {
  const config = await shell.config(flags);
  const asked = new AbortController();
  let owner: OwnerProcess | undefined;
  let code: number = EXIT.done;
  onInterrupt(
    (interruption) => {
      say('Stopping at the checkpoint; once more to end at once.');
      code = interruption.signal === 'SIGTERM' ? EXIT.done : interruption.code;
      asked.abort();
    },
    () => owner?.hurry(),
  );
  owner = await becomeOwner(shell, config, asked.signal);
  if (owner && !asked.signal.aborted) {
    say(`Longhand listens on ${owner.address}`);
    say(
      asTyped('Open that address in a browser; or hand a recording in from another terminal: longhand transcribe FILE'),
    );
    say('Stop with Ctrl-C: what is in work goes on from its checkpoint at the next start.');
    if (open && owner.address) (await import('../open-browser.ts')).openBrowser(owner.address);
    if (!asked.signal.aborted) await Promise.race([once(asked.signal, 'abort'), owner.closed]);
  }
  await owner?.close();
  const closed = await owner?.closed;
  if (closed?.lost !== undefined) throw new DatabaseLostError(closed.lost);
  return code;
}

/**
 * @returns undefined when it was asked to end meanwhile
 * @throws FolderTakenError naming who has the folder, when that is not for a moment only
 */
async function becomeOwner(shell: Shell, config: Config, asked: AbortSignal): Promise<OwnerProcess | undefined> {
  const deadline = systemClock.monotonicMs() + PATIENCE_MS;
  while (!asked.aborted) {
    const owner = await shell.startOwner(config, { acceptsJobs: true, takesAll: true, listens: true });
    if (owner) return owner;
    const [{ findOwner }, { FolderTakenError, SilentOwnerError }] = await Promise.all([
      import('../../service/find.ts'),
      import('../../service/errors.ts'),
    ]);
    const found = await findOwner(config.dataDir);
    const leaves = found.state !== 'answers' || !found.facts.takesJobs || found.facts.stopping;
    if (!leaves) throw new FolderTakenError(config.dataDir, found.facts);
    if (systemClock.monotonicMs() > deadline) throw new SilentOwnerError(config.dataDir);
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  return undefined;
}
