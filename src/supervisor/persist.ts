import type { Clock } from '../domain/clock.ts';
import { type ErrorKind, reportOf } from '../domain/errors.ts';

/** What the store may refuse for a moment, whatever for. */
const TRIES = 5;
const PAUSE_MS = 1_000;
/** A full disk and a database that cannot be reached are for others to mend, however long that takes. */
const FOR_OTHERS_TO_MEND: readonly ErrorKind[] = ['disk', 'network'];
/** The first tries are told one by one, then one in so many. */
const TOLD_OF = 60;

export interface PersistOptions {
  clock: Clock;
  /** Whether this owner ends, and can wait for nobody. */
  isClosing(): boolean;
  /** It could not be written, because of this; it is tried again. */
  onFailure(sentence: string): void;
}

/**
 * Writes what must be in the store before anything else happens to a job: again and again, and without end as long as only
 * space or the database is missing. To give up then would charge the job for it.
 * @throws what the last try threw
 */
export async function persist<T>(write: () => Promise<T>, { clock, isClosing, onFailure }: PersistOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      const { kind, message } = reportOf(error);
      if (attempt <= TRIES || attempt % TOLD_OF === 0) onFailure(message);
      const waits = FOR_OTHERS_TO_MEND.includes(kind) && !isClosing();
      if (attempt >= TRIES && !waits) throw error;
      await clock.sleep(PAUSE_MS);
    }
  }
}
