import type { ServiceContext, ServiceFacts } from '../api/service.ts';
import type { Clock } from '../domain/clock.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { Obstacle } from '../jobs/readiness.ts';
import { ownIdentity, removeServiceFile, type ServiceRecord, writeServiceFile } from './service-file.ts';

export interface ServiceOptions {
  /** The command that this process is; null for a program that uses the library. */
  command: string | null;
  version: string;
  clock: Clock;
  dataDir: string;
  takesJobs: boolean;
  jobs(): Promise<ServiceFacts['jobs']>;
  obstacles(): Promise<Obstacle[]>;
  note(level: LogLevel, sentence: string): void;
}

/** An owner as those see it who ask for it: from its start until it has stopped. */
export class Service implements ServiceContext {
  readonly #options: ServiceOptions;
  readonly #since: string;
  readonly #process = ownIdentity();
  #address: string | null = null;
  #stopping = false;
  /** Prometheus' text; there is none until somebody sets it. */
  metrics: () => Promise<string> = async () => '';

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#since = new Date(options.clock.now()).toISOString();
    // Whoever left one is dead: the data folder is ours.
    removeServiceFile(options.dataDir);
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  async facts(): Promise<ServiceFacts> {
    const { command, version, takesJobs, jobs } = this.#options;
    return {
      ...{ command, version, takesJobs },
      process: this.#process,
      since: this.#since,
      address: this.#address,
      stopping: this.#stopping,
      memoryBytes: process.memoryUsage.rss(),
      jobs: await jobs(),
    };
  }

  async obstacles(): Promise<Obstacle[]> {
    return await this.#options.obstacles();
  }

  note(level: LogLevel, sentence: string): void {
    this.#options.note(level, sentence);
  }

  /** It answers there from now on: said to all who look for it. */
  async answersAt(address: string): Promise<void> {
    const { version, dataDir, note } = this.#options;
    this.#address = address;
    const record: ServiceRecord = { process: this.#process, address, version, since: this.#since };
    await writeServiceFile(dataDir, record);
    note('INFO', `Answers at ${address}`);
  }

  /** Its runners are asked to stop; work is not taken any more. */
  stops(): void {
    this.#stopping = true;
  }

  /** Nobody answers any more. */
  hasStopped(): void {
    removeServiceFile(this.#options.dataDir);
  }
}
