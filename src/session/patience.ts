import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../domain/clock.ts';
import { LonghandError } from '../domain/errors.ts';

/** Another process may hold the data folder for a moment before it listens, or after it stopped listening. */
const PATIENCE_MS = 15_000;
const FIRST_PAUSE_MS = 40;
const LONGEST_PAUSE_MS = 500;

/** The ways to the owner of a data folder. Each gives undefined when it does not lead there now. */
export interface Ways<T> {
  /** Through the owner that there is. */
  find(): Promise<T | undefined>;
  /** By becoming the owner. */
  become(): Promise<T | undefined>;
}

/**
 * Tries to reach the owner of a data folder, or to become it, until that succeeds. While somebody restarts the service it
 * stands back, however long that takes.
 * @throws LonghandError when somebody holds the folder who does not answer; the signal's reason
 */
export async function patiently<T>(dataDir: string, { find, become }: Ways<T>, signal?: AbortSignal): Promise<T> {
  let deadline = systemClock.monotonicMs() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const found = await find();
    if (found !== undefined) return found;
    if (await isRestarting(dataDir)) {
      deadline = systemClock.monotonicMs() + PATIENCE_MS;
    } else {
      const became = await become();
      if (became !== undefined) return became;
    }
    if (systemClock.monotonicMs() > deadline) throw new SilentOwnerError(dataDir);
    await systemClock.sleep(pauseMs, signal);
  }
}

/** Whoever reaches an owner at once needs nothing of it, so it is loaded only when there is such a file. */
async function isRestarting(dataDir: string): Promise<boolean> {
  if (!existsSync(join(dataDir, 'restarting.json'))) return false;
  return (await import('../service/restarting.ts')).isRestarting(dataDir);
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
