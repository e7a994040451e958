import { systemClock } from '../domain/clock.ts';
import { LonghandError } from '../domain/errors.ts';

/** Another process may hold the data folder for a moment before it listens, or after it stopped listening. */
const PATIENCE_MS = 15_000;
const FIRST_PAUSE_MS = 40;
const LONGEST_PAUSE_MS = 500;

/**
 * Tries to reach the owner of a data folder, or to become it, until that succeeds.
 * @param reach undefined when somebody holds the folder who does not answer
 * @throws LonghandError when that stays so; the signal's reason
 */
export async function patiently<T>(
  dataDir: string,
  reach: () => Promise<T | undefined>,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = systemClock.monotonicMs() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const reached = await reach();
    if (reached !== undefined) return reached;
    if (systemClock.monotonicMs() > deadline) throw new SilentOwnerError(dataDir);
    await systemClock.sleep(pauseMs, signal);
  }
}

/** Somebody holds the data folder and says nothing. */
class SilentOwnerError extends LonghandError {
  constructor(dataDir: string) {
    super({
      kind: 'unknown',
      message: `Another process holds the data folder ${dataDir} and does not answer.`,
      remedy:
        'It may be stopped (Ctrl-Z): continue it with fg in its terminal, or find it with: ps aux | grep longhand',
    });
  }
}
