import { reportOf } from '../domain/errors.ts';
import { backupStore } from './backup.ts';
import { noteFailure } from './backup-failure.ts';
import { backupTime, listBackups } from './backups-dir.ts';
import { literal } from './literal.ts';
import type { Store } from './store.ts';

const DAY_MS = 24 * 3_600_000;
/** How often it is looked whether a day is over: timers stand still while a machine sleeps. */
const LOOK_INTERVAL_MS = 15 * 60_000;

export interface DailyBackupsOptions {
  /** A backup was made and verified. What this throws is told as well. */
  onBackup(path: string): Promise<void>;
  /** A backup could not be made, or the database was found damaged: a `DiskError` says so and what to do. */
  onError(error: unknown): void;
}

/** Backs a store up once a day, for as long as its owner lives, the first time at once when the last backup is older. */
export class DailyBackups {
  readonly #store: Store;
  readonly #options: DailyBackupsOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #making: Promise<void> | undefined;

  constructor(store: Store, options: DailyBackupsOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Begins. Idempotent. */
  start(): void {
    if (this.#timer || this.#stopping.signal.aborted) return;
    this.#timer = setInterval(() => void this.backUpIfDue(), LOOK_INTERVAL_MS);
    this.#timer.unref();
    void this.backUpIfDue();
  }

  /** Gives up what is under way, leaves nothing half done, and resolves when that is so. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    await this.#making;
  }

  /** Makes a backup when the newest one is a day old. One that is under way is shared. Never rejects. */
  backUpIfDue(): Promise<void> {
    this.#making ??= this.#backUpIfDue().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #backUpIfDue(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      if (signal.aborted || !(await isDue(this.#store))) return;
      await this.#options.onBackup(await backupStore(this.#store, { signal }));
    } catch (error) {
      if (!signal.aborted) await this.#failed(error);
    }
  }

  async #failed(error: unknown): Promise<void> {
    this.#options.onError(error);
    const { message, remedy } = reportOf(error);
    try {
      await noteFailure(this.#store.file, { at: this.#store.clock.now(), message, remedy });
    } catch (unwritable) {
      this.#options.onError(unwritable);
    }
  }
}

/** Not while there is nothing that could be lost: a backup without a job would keep the first good one waiting for a day. */
async function isDue({ db, file, clock }: Store): Promise<boolean> {
  const newest = listBackups(file)[0];
  if (newest !== undefined) return clock.now() - backupTime(newest) >= DAY_MS;
  return (await db.selectFrom('transcription_jobs').select('id').limit(literal(1)).executeTakeFirst()) !== undefined;
}
