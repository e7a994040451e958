/**
 * What one process manager knows, shared by its verbs (`registration.ts`, `watching.ts`, `kill-recorded.ts` and so on).
 *
 * Who the processes are is in the registry, which may be shared with other instances. In here is what is this instance's
 * own: which of them it watches, which logs it writes, whom it lets read, and what it counts.
 */
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import { logFileName } from '../logs/log-file.ts';
import { within } from './deadline.ts';
import { HeartbeatDelays } from './heartbeat-delays.ts';
import { isAlive, type ProcessIdentity } from './identity.ts';
import type { JobOutputs } from './job-outputs.ts';
import { OrphanCount } from './orphan-count.ts';
import type { Problems } from './problems.ts';
import type { ProcessRegistry, RegisteredProcess } from './process-registry.ts';
import type { ProcessWatch } from './process-watch.ts';
import { Turns } from './turns.ts';
import type { UsageMeter } from './usage.ts';

export interface ProcessTableOptions {
  logDir: string;
  clock: Clock;
  registry: ProcessRegistry;
  problems: Problems;
  /** The logs that this instance writes to. */
  outputs: JobOutputs;
  /** A registry that does not answer for so long is not waited for, nor is a look that takes so long. */
  timeoutMs: number;
}

export class ProcessTable {
  readonly logDir: string;
  readonly clock: Clock;
  readonly registry: ProcessRegistry;
  readonly problems: Problems;
  readonly outputs: JobOutputs;
  readonly timeoutMs: number;
  readonly orphans: OrphanCount;
  readonly delays = new HeartbeatDelays();
  /** What changes the process of a job comes one after the other. */
  readonly turns = new Turns();
  /** What is watched from here, by job. */
  readonly held = new Map<string, ProcessWatch>();
  /** For processes that are not held, by job: CPU use is the difference between two looks. */
  readonly meters = new Map<string, { identity: ProcessIdentity; meter: UsageMeter }>();
  /** Each ends somebody's reading of a log. */
  readonly readers = new Set<() => void>();
  /** From the call of `close` on: nothing new is registered, watched or followed. */
  isClosing = false;

  constructor({ logDir, clock, registry, problems, outputs, timeoutMs }: ProcessTableOptions) {
    this.logDir = logDir;
    this.clock = clock;
    this.registry = registry;
    this.problems = problems;
    this.outputs = outputs;
    this.timeoutMs = timeoutMs;
    this.orphans = new OrphanCount(clock);
  }

  /** Failures that were survived. */
  get errorsCount(): number {
    return this.problems.count + this.outputs.failures;
  }

  /**
   * Asks the registry, but not for ever.
   * @throws what the registry throws, or an Error when it takes too long; that has been counted and told
   */
  async ask<T>(question: (registry: ProcessRegistry) => Promise<T>): Promise<T> {
    const asking = async () => question(this.registry);
    try {
      return await within(this.timeoutMs, 'An answer', asking());
    } catch (error) {
      this.problems.tell(`The process registry failed: ${reportOf(error).message}`);
      throw error;
    }
  }

  /** Asks the registry what can go on without an answer. @returns undefined when it failed, which has been told */
  async askIfPossible<T>(question: (registry: ProcessRegistry) => Promise<T>): Promise<T | undefined> {
    return await this.ask(question).catch(() => undefined);
  }

  /** The record of a job: what is held if that lives, else what the registry says. */
  async find(jobId: string): Promise<RegisteredProcess | undefined> {
    const held = this.held.get(jobId)?.entry;
    if (held && isAlive(held.identity)) return held;
    return (await this.ask((registry) => registry.get(jobId))) ?? held;
  }

  /** Where the log of a job is or would be, as far as that is known without asking the registry. */
  logPath(jobId: string): string {
    return this.held.get(jobId)?.entry.logPath ?? this.ownLogPath(jobId);
  }

  /** Where the log of a job is that is registered without another. */
  ownLogPath(jobId: string): string {
    return join(this.logDir, logFileName(jobId));
  }

  /** Watches a process no longer, and forgets it here. Idempotent. */
  drop(watch: ProcessWatch): void {
    const { jobId } = watch.entry;
    void watch.stop();
    if (this.held.get(jobId) !== watch) return;
    this.held.delete(jobId);
    this.delays.forget(jobId);
    watch.output?.release();
  }
}
