/**
 * Supervised child processes, one for each job: a façade over the supervisor's verbs.
 *
 * Who the processes are is kept by a `ProcessRegistry`, so several instances, in one program or in several, see the same
 * ones. What an instance knows itself is in its `ProcessTable`.
 */
import type { ChildProcess } from 'node:child_process';
import { type Clock, systemClock } from '../domain/clock.ts';
import { ORPHAN_TIMEOUT_SECONDS } from '../domain/job.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { LogLimits } from '../logs/job-log.ts';
import type { Health, ProcessMetrics } from './health.ts';
import { JobOutputs } from './job-outputs.ts';
import { killRecorded, killRecordedTree } from './kill-recorded.ts';
import { KILL_GRACE_MS } from './kill-tree.ts';
import { cleanupOldLogs } from './log-cleanup.ts';
import { type LogStream, lastLogLines, streamLog } from './log-stream.ts';
import { cleanupOrphans, type OrphanCleanup } from './orphan-cleanup.ts';
import { Problems } from './problems.ts';
import { unregister } from './process-end.ts';
import { figuresOf, healthOf } from './process-figures.ts';
import { FileRegistry, type ProcessRegistry } from './process-registry.ts';
import { isRunning, type ProcessStatus, statusOf } from './process-status.ts';
import { ProcessTable } from './process-table.ts';
import { INTERVAL_SECONDS } from './process-watch.ts';
import { type RegisterOptions, type Registration, register } from './registration.ts';
import { stopWatching, watchRecorded } from './watching.ts';

export type { LogStream } from './log-stream.ts';
export type { OrphanCleanup } from './orphan-cleanup.ts';
export type { ProcessStatus } from './process-status.ts';
export type { RegisterOptions, Registration } from './registration.ts';

const LOG_DAYS = 7;
const LOG_LINES = 50;
/** A registry that does not answer for so long is not waited for. */
const PROBE_TIMEOUT_SECONDS = 10;

export interface ProcessManagerOptions {
  /** The folder of the logs. Made when it is missing, for this user alone. */
  logDir: string;
  clock?: Clock;
  /** Where processes are recorded; files in `logDir` unless said. */
  registry?: ProcessRegistry;
  /** What must not be in any log. */
  secrets?: readonly string[];
  /** How large a log becomes before it is rotated, and how much a process may print into it. */
  logLimits?: Partial<LogLimits>;
  /** Seconds that a registry may take to answer, and a monitor for one look; 10 unless said. */
  probeTimeoutSeconds?: number;
  /** Told of each failure that a job survives, an ERROR where processes could not be ended; counted in `errorsCount`. */
  onProblem?(sentence: string, level: LogLevel): void;
}

/**
 * Registers, watches and ends the processes of jobs, and reads their logs.
 *
 * A process is known by boot, number and start time, and checked before every signal: a number that belongs to somebody
 * else by now is never signalled. Its whole tree is ended with it. Where the tree may move parts of itself to sessions of
 * their own and leave them without a parent, start it with `processEnvironment()`: they are found by what they inherit.
 *
 * Everything may be called at any time, several times, and from several instances at once. Nothing here keeps the program
 * alive but what it waits for. Methods that ask the registry reject when that fails or does not answer within 10 s.
 *
 * @example
 * const processes = new ProcessManager({ logDir: 'logs', onProblem: (sentence) => console.warn(sentence) });
 * const child = spawn('transcribe.sh', ['talk.flac'], { detached: true, env: { ...process.env, ...processEnvironment() } });
 * const { registered } = await processes.registerProcess('talk', child, 'transcribe.sh talk.flac');
 * for await (const line of processes.streamLogs('talk')) console.log(line);
 * // elsewhere: await processes.killProcessTree('talk');
 * await processes.close();
 */
export class ProcessManager {
  readonly #table: ProcessTable;
  #closing: Promise<void> | undefined;

  constructor(options: ProcessManagerOptions) {
    this.#table = tableFor(options);
  }

  /**
   * Records which process works on a job, copies what it prints into the job's log, and starts to watch it. When it ends,
   * its record is removed.
   *
   * A job has one process: while that or anything with its token lives, another is refused. What is refused, or cannot be
   * recorded, is ended with its tree, because nobody would watch over it; but a bare pid only if it is a child of this
   * process, and nothing that is registered for another job. The same process again is registered already.
   *
   * @param childOrPid a `ChildProcess`, or the number of any process. To a bare number no token belongs unless it is
   *   given, and its output is not copied.
   * @param command what it is, in words, for people
   * @returns never rejects; why it was not registered is told to `onProblem`
   */
  async registerProcess(
    jobId: string | number,
    childOrPid: ChildProcess | number,
    command: string,
    options: RegisterOptions = {},
  ): Promise<Registration> {
    return await register(this.#table, String(jobId), childOrPid, command, options);
  }

  /**
   * Forgets the process of a job and stops watching it. The process itself goes on; what it prints still comes to the log.
   * Resolves, if it has ended, when its last words are in the log.
   * @returns whether it was registered
   */
  async unregisterProcess(jobId: string | number): Promise<boolean> {
    return await unregister(this.#table, String(jobId));
  }

  /** Whether the process of a job runs: exactly the one that was registered, and not as a zombie. */
  async isProcessRunning(jobId: string | number): Promise<boolean> {
    return await isRunning(this.#table, String(jobId));
  }

  /** What the process of a job does now. CPU use is that since the last look, at first since the start. */
  async getProcessStatus(jobId: string | number): Promise<ProcessStatus> {
    return await statusOf(this.#table, String(jobId));
  }

  /** Where the log of a job is or would be: `transcribe_job_<id>.log` in `logDir`, unless it was registered with another. */
  getLogPath(jobId: string | number): string {
    return this.#table.logPath(String(jobId));
  }

  /**
   * The last lines of a job's log; none where there is no log.
   * @param options `lines`: how many; `follow`: go on with those that come, until the process has ended
   */
  getLogs(jobId: string | number, options?: { lines?: number; follow?: false }): Promise<string[]>;
  getLogs(jobId: string | number, options: { lines?: number; follow: true }): LogStream;
  getLogs(jobId: string | number, options: { lines?: number; follow?: boolean } = {}): Promise<string[]> | LogStream {
    const { lines = LOG_LINES, follow = false } = options;
    const id = String(jobId);
    return follow ? streamLog(this.#table, id, { lines }) : lastLogLines(this.#table, id, lines);
  }

  /**
   * All lines of a job's log and those that come, until its process has ended.
   * @param callback told each line, one after the other. May fail; then that is counted, and the next line comes.
   */
  streamLogs(jobId: string | number, callback?: (line: string) => void | Promise<void>): LogStream {
    return streamLog(this.#table, String(jobId), { callback });
  }

  /**
   * Sends TERM to the process of a job, and to that alone. A stopped one is continued, so that it can heed it.
   * @param options `force`: KILL instead
   * @returns whether the signal was sent; false for a job or process that is not known, and for the calling process
   */
  async killProcess(jobId: string | number, { force = false }: { force?: boolean } = {}): Promise<boolean> {
    return await killRecorded(this.#table, String(jobId), force);
  }

  /**
   * Ends the process of a job and everything that belongs to it (`kill-tree.ts`): TERM, a while, KILL.
   * @param options `timeoutSeconds` between TERM and KILL; with 0 nobody is asked
   * @returns true when all of it is gone, which was verified; false when there was nothing that could be identified as
   *   the job's, or something could not be ended
   */
  async killProcessTree(jobId: string | number, options: { timeoutSeconds?: number } = {}): Promise<boolean> {
    const { timeoutSeconds = KILL_GRACE_MS / 1000 } = options;
    return await killRecordedTree(this.#table, String(jobId), timeoutSeconds * 1000);
  }

  /**
   * Ends what nobody watches over any more: processes without a heartbeat for a while, with their trees. One that cannot
   * be identified as ours is left alone. Either way its record is removed. What a monitor of this instance watches is fresh.
   * @param options `timeoutSeconds` without a heartbeat
   */
  async cleanupOrphanedProcesses(options: { timeoutSeconds?: number } = {}): Promise<OrphanCleanup> {
    return await cleanupOrphans(this.#table, options.timeoutSeconds ?? ORPHAN_TIMEOUT_SECONDS);
  }

  /**
   * Deletes logs that were not written to for some days, rotated parts included; those of registered processes stay.
   * @returns how many files that were, and their size in bytes
   */
  async cleanupOldLogs({ days = LOG_DAYS }: { days?: number } = {}): Promise<{ files: number; bytes: number }> {
    return await cleanupOldLogs(this.#table, days);
  }

  /**
   * Watches the process of a job from here, also one that another instance registered: heartbeats and figures. Registering
   * starts it. What it meets it survives: a look that fails or hangs is told, and the next one comes all the same.
   * @returns whether it is watched; false when it does not run
   */
  async startMonitoring(
    jobId: string | number,
    { intervalSeconds = INTERVAL_SECONDS }: { intervalSeconds?: number } = {},
  ): Promise<boolean> {
    return await watchRecorded(this.#table, String(jobId), intervalSeconds);
  }

  /**
   * Watches the process of a job no longer. Unless somebody else does, it is an orphan after 300 s.
   * @returns whether it was watched
   */
  async stopMonitoring(jobId: string | number): Promise<boolean> {
    return await stopWatching(this.#table, String(jobId));
  }

  /** Figures to plot (`health.ts` tells each). */
  async metrics(): Promise<ProcessMetrics> {
    return (await figuresOf(this.#table)).metrics;
  }

  /** The same, with how many of the processes had no heartbeat for 300 s. */
  async figures(): Promise<ProcessMetrics & { orphanedCount: number }> {
    const { metrics, orphanedCount } = await figuresOf(this.#table);
    return { ...metrics, orphanedCount };
  }

  /** Whether the supervision is well, and what somebody should look at. Never rejects. */
  async healthCheck(): Promise<Health> {
    return await healthOf(this.#table);
  }

  /** A heartbeat of a job's own came, so many seconds late. From then on only these count for the average, not the monitor's. */
  noteHeartbeat(jobId: string | number, delaySeconds: number): void {
    this.#table.delays.noteOwn(String(jobId), delaySeconds);
  }

  /** Orphans were cleaned up by other means. */
  noteOrphans(count: number): void {
    this.#table.orphans.add(count);
  }

  /**
   * Stops watching, ends all streams and closes the logs that were opened here. The processes go on and stay registered,
   * for another instance to find. Idempotent. Afterwards nothing can be registered or watched; the rest still answers.
   */
  close(): Promise<void> {
    this.#closing ??= closeTable(this.#table);
    return this.#closing;
  }
}

function tableFor(options: ProcessManagerOptions): ProcessTable {
  const { logDir, clock = systemClock, onProblem, secrets = [], logLimits: limits = {} } = options;
  const problems = new Problems(clock, onProblem && ((sentence, level) => onProblem(sentence, level)));
  return new ProcessTable({
    logDir,
    clock,
    problems,
    registry: options.registry ?? new FileRegistry(logDir, (sentence) => problems.tell(sentence)),
    outputs: new JobOutputs({ logDir, clock, secrets, limits, problems }),
    timeoutMs: (options.probeTimeoutSeconds ?? PROBE_TIMEOUT_SECONDS) * 1000,
  });
}

async function closeTable(table: ProcessTable): Promise<void> {
  table.isClosing = true;
  for (const end of table.readers) end();
  await table.turns.allPassed();
  for (const watch of [...table.held.values()]) table.drop(watch);
  await table.outputs.close();
}
