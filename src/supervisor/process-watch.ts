import { isAlive } from './identity.ts';
import type { JobOutput } from './job-output.ts';
import { Monitor, type MonitorOptions } from './monitor.ts';
import type { ProcessRegistry, RegisteredProcess } from './process-registry.ts';
import { type Usage, UsageMeter } from './usage.ts';

/** Between two looks at a process, unless said otherwise. */
export const INTERVAL_SECONDS = 5;
const LEAST_INTERVAL_SECONDS = 0.1;
const MOST_INTERVAL_SECONDS = 3_600;

export interface ProcessWatchOptions
  extends Pick<MonitorOptions, 'clock' | 'onBeat' | 'onEnd' | 'onProblem' | 'timeoutMs'> {
  entry: RegisteredProcess;
  registry: ProcessRegistry;
  /** Undefined where another instance writes the log. */
  output: JobOutput | undefined;
  onSample: ((usage: Usage) => void | Promise<void>) | undefined;
}

/** What one instance holds of a process: its record, what it uses, its log, and the monitor. */
export class ProcessWatch {
  readonly entry: RegisteredProcess;
  readonly meter: UsageMeter;
  readonly output: JobOutput | undefined;
  readonly #options: ProcessWatchOptions;
  #monitor: Monitor | undefined;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    this.entry = options.entry;
    this.meter = new UsageMeter(options.entry.identity);
    this.output = options.output;
  }

  get isRunning(): boolean {
    return this.#monitor?.isRunning ?? false;
  }

  /** Watches from now on, at this interval. */
  start(intervalSeconds: number): void {
    const { entry, registry, onSample, onProblem } = this.#options;
    const { jobId, identity } = entry;
    void this.stop();
    this.#monitor = new Monitor({
      ...this.#options,
      intervalSeconds: Math.min(MOST_INTERVAL_SECONDS, Math.max(LEAST_INTERVAL_SECONDS, intervalSeconds)),
      isAlive: () => isAlive(identity),
      sample: () => this.meter.sample(),
      onSample: (usage) => onSample?.(usage),
      beat: (at) => registry.beat(jobId, at),
      onProblem: (sentence) => {
        this.output?.note('WARNING', sentence);
        onProblem(`Job ${jobId}: ${sentence}`);
      },
    });
    this.#monitor.start();
  }

  /** No heartbeat is noted once this resolves. @returns whether it was watched */
  async stop(): Promise<boolean> {
    const wasRunning = this.isRunning;
    await this.#monitor?.stop();
    return wasRunning;
  }
}
