/** Whether work can be taken: the question of a load balancer, and of whoever looks why nothing goes on. */
import { byteSize } from '../domain/bytes.ts';
import type { Clock } from '../domain/clock.ts';
import { type ErrorReport, reportOf } from '../domain/errors.ts';
import type { Engine, EngineSettings } from '../engines/engine.ts';
import { type DiskSpace, diskSpaceOf } from '../files/disk-space.ts';
import type { QueuePause } from '../store/queue-state.ts';
import type { Store } from '../store/store.ts';
import { tryWriting } from '../store/writable.ts';
import { chooseEngine, type EngineWish } from './choose-engine.ts';

/** Below this no recording should be taken: its sound alone may need more. */
const LEAST_FREE_BYTES = 64 * 1024 ** 2;
/** Probes come every few seconds, and from several sides. */
const FRESH_MS = 2_000;
/** Looking for programs and models reads folders; they come and go rarely. */
const ENGINE_FRESH_MS = 15_000;

/** Why no work can be taken now, with a code for programs. */
export interface Obstacle extends ErrorReport {
  code: 'shutting_down' | 'database_not_writable' | 'disk_full' | 'no_engine';
}

export interface ReadinessOptions {
  store: Store;
  clock: Clock;
  dataDir: string;
  engines: readonly Engine[];
  settings: EngineSettings;
  /** What is taken where a job says nothing. */
  wish: EngineWish;
  stopping(): boolean;
  /** The pause of the queue, if there is one. */
  pause(): Promise<QueuePause | undefined>;
  diskSpace?: () => Promise<DiskSpace>;
}

export class Readiness {
  readonly #options: ReadinessOptions;
  #last: { at: number; obstacles: Promise<Obstacle[]> } | undefined;
  #engine: { at: number; problem: Promise<Obstacle | undefined> } | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** What keeps work from being taken, as it was at most two seconds ago; nothing when work can be taken. Never rejects. */
  async obstacles(): Promise<Obstacle[]> {
    if (this.#options.stopping()) return [SHUTTING_DOWN];
    const now = this.#options.clock.monotonicMs();
    if (!this.#last || now - this.#last.at >= FRESH_MS) this.#last = { at: now, obstacles: this.#look(now) };
    return await this.#last.obstacles;
  }

  async #look(now: number): Promise<Obstacle[]> {
    const found = await Promise.all([this.#database(), this.#disk(), this.#noEngine(now)]);
    return found.filter((obstacle) => obstacle !== undefined);
  }

  async #database(): Promise<Obstacle | undefined> {
    try {
      await tryWriting(this.#options.store);
      return undefined;
    } catch (error) {
      const { message, remedy = 'See to the disk or the server of the database.' } = reportOf(error);
      return { code: 'database_not_writable', kind: 'disk', message, remedy };
    }
  }

  async #disk(): Promise<Obstacle | undefined> {
    const { dataDir, pause, diskSpace = () => diskSpaceOf(dataDir) } = this.#options;
    try {
      const { freeBytes } = await diskSpace();
      if (freeBytes < LEAST_FREE_BYTES)
        return diskFull(`Only ${byteSize(freeBytes)} are free on the disk of ${dataDir}.`);
      const paused = await pause();
      return paused?.by === 'disk' ? diskFull(`The queue waits for space on the disk: ${paused.reason}`) : undefined;
    } catch (error) {
      return diskFull(`The disk of ${dataDir} cannot be looked at: ${reportOf(error).message}`);
    }
  }

  async #noEngine(now: number): Promise<Obstacle | undefined> {
    const before = await this.#engine?.problem;
    // What is missing may have been installed a moment ago.
    if (!this.#engine || before || now - this.#engine.at >= ENGINE_FRESH_MS) {
      this.#engine = { at: now, problem: this.#lookForEngine() };
    }
    return await this.#engine.problem;
  }

  async #lookForEngine(): Promise<Obstacle | undefined> {
    const { engines, settings, wish } = this.#options;
    try {
      await chooseEngine(engines, settings, wish);
      return undefined;
    } catch (error) {
      const { message, remedy = 'See: longhand doctor' } = reportOf(error);
      return { code: 'no_engine', kind: 'model', message: `No recogniser can be used. ${message}`, remedy };
    }
  }
}

const SHUTTING_DOWN: Obstacle = {
  code: 'shutting_down',
  kind: 'unknown',
  message: 'The service is stopping: its jobs rest at their checkpoints.',
  remedy: 'Try again when it was started again.',
};

function diskFull(message: string): Obstacle {
  return { code: 'disk_full', kind: 'disk', message, remedy: 'Free some space; what waits then goes on by itself.' };
}
