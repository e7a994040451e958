/**
 * Supervised child processes, one for each job: a façade over the supervisor's verbs.
 *
 * Who the processes are is kept by a `ProcessRegistry`, so several instances, in one program or in several, see the same
 * ones. What an instance holds itself is only what it watches: the monitor and the log of each process it registered.
 */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { PassThrough } from 'node:stream';
import { type Clock, systemClock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import { makePrivateFolder } from '../files/directory.ts';
import { JobLog, type LogLimits } from '../logs/job-log.ts';
import { logFileName } from '../logs/log-file.ts';
import { cleanupLogs, logFiles } from '../logs/retention.ts';
import { lastLines } from '../logs/tail.ts';
import {
  BYTES_PER_MB,
  type Health,
  HeartbeatDelays,
  healthFrom,
  healthUnknown,
  metricsFrom,
  OrphanCount,
  Problems,
  type ProcessMetrics,
  within,
} from './health.ts';
import {
  identify,
  identifyChild,
  isAlive,
  isOwnChild,
  isOwnToken,
  leadsGroup,
  type ProcessIdentity,
  signalProcess,
  tokenOf,
} from './identity.ts';
import { type EndedProcess, isTreeAlive, KILL_GRACE_MS, type KillReport, killTree } from './kill-tree.ts';
import { followLines, JobOutput, ProcessWatch, printedBy } from './monitor.ts';
import { Mutex } from './mutex.ts';
import { FileRegistry, isSame, type ProcessRegistry, type RegisteredProcess } from './process-registry.ts';
import { type Usage, UsageMeter } from './usage.ts';

/** Between two looks at a process. */
const INTERVAL_SECONDS = 5;
/** Without a heartbeat for so long a process is an orphan. */
const ORPHAN_SECONDS = 300;
const LOG_DAYS = 7;
const LOG_LINES = 50;
/** A registry that does not answer for so long is not waited for. */
const PROBE_TIMEOUT_SECONDS = 10;
/** What a process said before it ended is waited for this long: what it started may hold its output open. */
const OUTPUT_MS = 1_000;
/** After the end of a process whose log another instance writes, its last lines are waited for this long. */
const LAST_LINES_MS = 1_000;

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
  /** Told of each failure that a job survives; they are also counted in `errorsCount`. */
  onProblem?(sentence: string): void;
}

export interface RegisterOptions {
  /** The run token in the process's environment. Read from there when a `ChildProcess` is given. */
  token?: string;
  /** The job's log, when it is open already: used, and not closed. */
  log?: JobLog;
  /** Handed to the registry. */
  context?: unknown;
  /** Seconds between two looks at the process; 5 unless said. */
  intervalSeconds?: number;
  /** Told at each look what the process and its descendants use. May fail; then that is counted. */
  onSample?(usage: Usage): void | Promise<void>;
}

export interface Registration {
  /** Undefined when the program could not be started. */
  pid: number | undefined;
  logPath: string;
  /** False: refused or failed. The child it was for has been ended. */
  registered: boolean;
}

export interface ProcessStatus {
  running: boolean;
  /** The recorded process, which may be gone; null when none is recorded. */
  pid: number | null;
  /** Per cent of one core, the descendants' included: two busy cores are 200. Null where it cannot be known. */
  cpuPercent: number | null;
  /** Resident memory, the descendants' included, in MB of 1,048,576 bytes. Null where it cannot be known. */
  memoryMb: number | null;
  /** Since the process started; 0 when it does not run. */
  elapsedSeconds: number;
}

export interface OrphanCleanup {
  /** Records that were settled: those of the next two together. */
  cleaned: number;
  /** What was ended, whole trees. */
  killed: (EndedProcess & { jobId: string })[];
  /** Records whose process was gone, or whose number is somebody else's by now: no signal was sent. */
  spared: { jobId: string; pid: number }[];
}

/** The lines of a log, to be read with `for await`. */
export interface LogStream extends AsyncIterable<string> {
  /** Resolves when the callback was told the last line, or at once when there is none. Never rejects. */
  readonly ended: Promise<void>;
  /** Ends the stream for all who read it. Idempotent. */
  stop(): void;
}

/** A process that is to be registered, as it was when that was asked for. */
interface Candidate {
  child: ChildProcess | undefined;
  printed: readonly PassThrough[];
  pid: number | undefined;
  identity: ProcessIdentity | undefined;
  token: string | undefined;
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
  readonly #logDir: string;
  readonly #clock: Clock;
  readonly #registry: ProcessRegistry;
  readonly #options: ProcessManagerOptions;
  readonly #probeTimeoutMs: number;
  readonly #problems: Problems;
  readonly #delays = new HeartbeatDelays();
  readonly #orphans: OrphanCount;
  /** What is watched from here, by job. */
  readonly #held = new Map<string, ProcessWatch>();
  /** The logs that this instance writes to. */
  readonly #outputs = new Set<JobOutput>();
  /** For processes that are not held: CPU use is the difference between two looks. */
  readonly #meters = new Map<string, { identity: ProcessIdentity; meter: UsageMeter }>();
  /** Jobs whose heartbeats are noted from outside. */
  readonly #noted = new Set<string>();
  readonly #turns = new Map<string, { mutex: Mutex; waiting: number }>();
  /** Each ends somebody's reading of a log. */
  readonly #readers = new Set<() => void>();
  /** Failures of logs that are closed. */
  #logFailures = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ProcessManagerOptions) {
    const { logDir, clock = systemClock, registry, onProblem } = options;
    this.#options = options;
    this.#logDir = logDir;
    this.#clock = clock;
    this.#problems = new Problems(clock, onProblem && ((sentence) => onProblem(sentence)));
    this.#orphans = new OrphanCount(clock);
    this.#registry = registry ?? new FileRegistry(logDir, (sentence) => this.#problems.tell(sentence));
    this.#probeTimeoutMs = (options.probeTimeoutSeconds ?? PROBE_TIMEOUT_SECONDS) * 1000;
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
    const id = String(jobId);
    // Who it is must be known now: by its turn it may have ended, and its number may be somebody else's.
    const candidate = candidateFrom(childOrPid, options.token);
    const registered = await this.#inTurn(id, () => this.#register(id, candidate, command, options));
    return { pid: candidate.pid, logPath: options.log?.path ?? this.getLogPath(id), registered };
  }

  /**
   * Forgets the process of a job and stops watching it. The process itself goes on; what it prints still comes to the log.
   * Resolves, if it has ended, when its last words are in the log.
   * @returns whether it was registered
   */
  async unregisterProcess(jobId: string | number): Promise<boolean> {
    const id = String(jobId);
    return await this.#inTurn(id, async () => {
      const held = this.#held.get(id);
      if (held) this.#drop(held);
      const removed = await this.#ask((registry) => registry.remove(id)).catch(told);
      if (held && !isTreeAlive(treeOf(held.entry))) await held.output?.ended(OUTPUT_MS);
      return held !== undefined || removed === true;
    });
  }

  /** Whether the process of a job runs: exactly the one that was registered, and not as a zombie. */
  async isProcessRunning(jobId: string | number): Promise<boolean> {
    const entry = await this.#find(String(jobId));
    return entry !== undefined && isAlive(entry.identity);
  }

  /** What the process of a job does now. CPU use is that since the last look, at first since the start. */
  async getProcessStatus(jobId: string | number): Promise<ProcessStatus> {
    const entry = await this.#find(String(jobId));
    const pid = entry?.identity.pid ?? null;
    if (!entry || !isAlive(entry.identity)) {
      return { running: false, pid, cpuPercent: 0, memoryMb: 0, elapsedSeconds: 0 };
    }
    const usage = this.#usageOf(entry);
    return {
      running: true,
      pid,
      cpuPercent: usage?.cpuPercent ?? null,
      memoryMb: usage ? usage.rssBytes / BYTES_PER_MB : null,
      elapsedSeconds: usage?.elapsedSeconds ?? (this.#clock.now() - entry.registeredAt) / 1000,
    };
  }

  /** Where the log of a job is or would be: `transcribe_job_<id>.log` in `logDir`, unless it was registered with another. */
  getLogPath(jobId: string | number): string {
    return this.#held.get(String(jobId))?.entry.logPath ?? join(this.#logDir, logFileName(jobId));
  }

  /**
   * The last lines of a job's log; none where there is no log.
   * @param options `lines`: how many; `follow`: go on with those that come, until the process has ended
   */
  getLogs(jobId: string | number, options?: { lines?: number; follow?: false }): Promise<string[]>;
  getLogs(jobId: string | number, options: { lines?: number; follow: true }): LogStream;
  getLogs(jobId: string | number, options: { lines?: number; follow?: boolean } = {}): Promise<string[]> | LogStream {
    const { lines = LOG_LINES, follow = false } = options;
    return follow ? this.#stream(String(jobId), lines) : this.#lastLines(String(jobId), lines);
  }

  /**
   * All lines of a job's log and those that come, until its process has ended.
   * @param callback told each line, one after the other. May fail; then that is counted, and the next line comes.
   */
  streamLogs(jobId: string | number, callback?: (line: string) => void | Promise<void>): LogStream {
    return this.#stream(String(jobId), undefined, callback);
  }

  /**
   * Sends TERM to the process of a job, and to that alone. A stopped one is continued, so that it can heed it.
   * @param options `force`: KILL instead
   * @returns whether the signal was sent; false for a job or process that is not known, and for the calling process
   */
  async killProcess(jobId: string | number, { force = false }: { force?: boolean } = {}): Promise<boolean> {
    const id = String(jobId);
    const entry = await this.#find(id);
    if (!entry || entry.identity.pid === process.pid) return false;
    const signal = force ? 'SIGKILL' : 'SIGTERM';
    if (!signalProcess(entry.identity, signal)) return false;
    signalProcess(entry.identity, 'SIGCONT');
    this.#held.get(id)?.output?.note('INFO', `${signal} was sent to process ${entry.identity.pid}`);
    return true;
  }

  /**
   * Ends the process of a job and everything that belongs to it (`kill-tree.ts`): TERM, a while, KILL.
   * @param options `timeoutSeconds` between TERM and KILL; with 0 nobody is asked
   * @returns true when all of it is gone, which was verified; false when there was nothing that could be identified as
   *   the job's, or something could not be ended
   */
  async killProcessTree(jobId: string | number, options: { timeoutSeconds?: number } = {}): Promise<boolean> {
    const { timeoutSeconds = KILL_GRACE_MS / 1000 } = options;
    const id = String(jobId);
    const entry = await this.#find(id);
    if (!entry) return false;
    const report = mayBeKilled(entry) ? await this.#kill(entry, timeoutSeconds * 1000) : undefined;
    await this.#inTurn(id, () => this.#settle(entry));
    return report?.gone ?? false;
  }

  /**
   * Ends what nobody watches over any more: processes without a heartbeat for a while, with their trees. One that cannot
   * be identified as ours is left alone. Either way its record is removed. What a monitor of this instance watches is fresh.
   * @param options `timeoutSeconds` without a heartbeat
   */
  async cleanupOrphanedProcesses(options: { timeoutSeconds?: number } = {}): Promise<OrphanCleanup> {
    const { timeoutSeconds = ORPHAN_SECONDS } = options;
    const report: OrphanCleanup = { cleaned: 0, killed: [], spared: [] };
    for (const entry of await this.#ask((registry) => registry.list())) {
      if (!this.#isOrphan(entry, timeoutSeconds)) continue;
      const { jobId } = entry;
      try {
        await this.#inTurn(jobId, () => this.#cleanup(jobId, timeoutSeconds, report));
      } catch (error) {
        this.#problems.tell(`The orphan of job ${jobId} could not be cleaned up: ${reportOf(error).message}`);
      }
    }
    this.#orphans.add(report.cleaned);
    return report;
  }

  /**
   * Deletes logs that were not written to for some days, rotated parts included; those of registered processes stay.
   * @returns how many files that were, and their size in bytes
   */
  async cleanupOldLogs({ days = LOG_DAYS }: { days?: number } = {}): Promise<{ files: number; bytes: number }> {
    const entries = await this.#ask((registry) => registry.list());
    const registered = new Set(entries.map(({ jobId }) => jobId));
    const isWritten = (jobId: string) => [...this.#outputs].some((output) => output.jobId === jobId);
    const spare = (jobId: string) => registered.has(jobId) || this.#held.has(jobId) || isWritten(jobId);
    return await cleanupLogs(this.#logDir, { now: this.#clock.now(), days, spare });
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
    const id = String(jobId);
    return await this.#inTurn(id, async () => {
      const entry = await this.#find(id);
      if (this.#closing || !entry || !isAlive(entry.identity)) return false;
      const held = this.#held.get(id);
      const watch = held && isSame(held.entry.identity, entry.identity) ? held : this.#newWatch(entry);
      watch.start(intervalSeconds);
      return true;
    });
  }

  /**
   * Watches the process of a job no longer. Unless somebody else does, it is an orphan after 300 s.
   * @returns whether it was watched
   */
  async stopMonitoring(jobId: string | number): Promise<boolean> {
    const id = String(jobId);
    return await this.#inTurn(id, async () => (await this.#held.get(id)?.stop()) ?? false);
  }

  /** Figures to plot (`health.ts` tells each). */
  async metrics(): Promise<ProcessMetrics> {
    return (await this.#figures()).metrics;
  }

  /** Whether the supervision is well, and what somebody should look at. Never rejects. */
  async healthCheck(): Promise<Health> {
    try {
      const { metrics, orphanedCount } = await this.#figures();
      return healthFrom(metrics, { orphanedCount, recentlyCleaned: this.#orphans.recent });
    } catch (error) {
      return healthUnknown(error, this.#errorsCount);
    }
  }

  /** A heartbeat of a job's own came, so many seconds late. From then on only these count for the average, not the monitor's. */
  noteHeartbeat(jobId: string | number, delaySeconds: number): void {
    this.#noted.add(String(jobId));
    this.#delays.note(delaySeconds);
  }

  /** Orphans were cleaned up by other means. */
  noteOrphans(count: number): void {
    this.#orphans.add(count);
  }

  /**
   * Stops watching, ends all streams and closes the logs that were opened here. The processes go on and stay registered,
   * for another instance to find. Idempotent. Afterwards nothing can be registered or watched; the rest still answers.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const end of this.#readers) end();
    await Promise.all([...this.#turns.keys()].map((id) => this.#inTurn(id, async () => undefined)));
    for (const held of [...this.#held.values()]) this.#drop(held);
    await Promise.all([...this.#outputs].map((output) => output.close()));
  }

  async #register(id: string, candidate: Candidate, command: string, options: RegisterOptions): Promise<boolean> {
    const admission = await this.#admit(id, candidate).catch(refusedFor);
    if (admission.type === 'held') {
      ignore(candidate);
      return true;
    }
    const refused =
      admission.type === 'refused' ? admission : await this.#record(id, candidate, command, options, admission);
    if (!refused) return true;
    const who = `Process ${candidate.pid ?? '(none)'} (${command})`;
    this.#problems.tell(`${who} was not registered for job ${id}: ${refused.why}`);
    // What ended before it could be registered may have said why.
    if (!candidate.identity && candidate.printed.length > 0) await this.#keepWords(id, candidate, options.log);
    else ignore(candidate);
    if (!refused.spare) await this.#endRefused(candidate);
    return false;
  }

  /** Whether a process may be registered, as far as that can be told beforehand. */
  async #admit(id: string, { identity, token }: Candidate): Promise<Admission> {
    if (!identity) return refusal('It does not run.');
    const held = this.#held.get(id);
    if (held && isSame(held.entry.identity, identity)) return { type: 'held' };
    for (const { entry } of this.#held.values()) {
      if (entry.jobId === id) continue;
      if (isSame(entry.identity, identity)) return refusal(`It works on job ${entry.jobId}.`, true);
      if (!token || entry.token !== token) continue;
      return refusal(`Its run token is that of job ${entry.jobId}: make one for each job.`, true);
    }
    if (this.#closing) return refusal('The process manager is closed.');
    const before = (await this.#ask((registry) => registry.get(id))) ?? held?.entry;
    if (before && isSame(before.identity, identity)) return { type: 'recorded', entry: before };
    if (!before || !isTreeAlive(treeOf(before))) return { type: 'new' };
    return refusal(`Process ${before.identity.pid} or what it started still lives; end it with killProcessTree.`);
  }

  /** @returns undefined when it is recorded and watched */
  async #record(
    id: string,
    candidate: Candidate,
    command: string,
    options: RegisterOptions,
    admission: Admitted,
  ): Promise<Refused | undefined> {
    const recorded = admission.type === 'recorded' ? admission.entry : undefined;
    const entry = recorded ?? this.#entryFor(id, candidate, command, options);
    try {
      const isSaved = recorded ? true : await this.#ask((registry) => registry.save(entry, options.context));
      if (!isSaved) return refusal('Its record was refused.');
      await this.#hold(entry, candidate, options);
      return undefined;
    } catch (error) {
      // Another instance may watch over what was recorded before.
      if (recorded) return { ...refusedFor(error), spare: true };
      await this.#ask((registry) => registry.remove(id, entry.identity)).catch(told);
      return refusedFor(error);
    }
  }

  #entryFor(jobId: string, candidate: Candidate, command: string, { log }: RegisterOptions): RegisteredProcess {
    const now = this.#clock.now();
    // It was admitted, so it was identified.
    const identity = candidate.identity as ProcessIdentity;
    return {
      jobId,
      command,
      identity,
      token: candidate.token,
      leadsGroup: leadsGroup(identity),
      logPath: log?.path ?? join(this.#logDir, logFileName(jobId)),
      registeredAt: now,
      lastHeartbeat: now,
    };
  }

  async #hold(entry: RegisteredProcess, { child, printed }: Candidate, options: RegisterOptions): Promise<void> {
    const output = await this.#outputFor(entry.jobId, options.log);
    if (!options.log) output.note('INFO', `Process ${entry.identity.pid} is registered: ${entry.command}`);
    output.copy(printed);
    const watch = this.#newWatch(entry, output, options.onSample);
    watch.start(options.intervalSeconds ?? INTERVAL_SECONDS);
    child?.once('exit', () => this.#ended(entry));
    // It may have ended before anybody listened.
    if (child && !identifyChild(child)) this.#ended(entry);
  }

  #newWatch(entry: RegisteredProcess, output?: JobOutput, onSample?: RegisterOptions['onSample']): ProcessWatch {
    const { jobId } = entry;
    const before = this.#held.get(jobId);
    if (before) this.#drop(before);
    const watch: ProcessWatch = new ProcessWatch({
      entry,
      output,
      onSample,
      clock: this.#clock,
      registry: this.#registry,
      timeoutMs: this.#probeTimeoutMs,
      onBeat: (delaySeconds) => {
        if (!this.#noted.has(jobId)) this.#delays.note(delaySeconds);
      },
      onEnd: (why) => (why === 'gone' ? this.#ended(entry) : this.#drop(watch)),
      onProblem: (sentence) => this.#problems.tell(sentence),
    });
    this.#held.set(jobId, watch);
    return watch;
  }

  async #keepWords(jobId: string, { printed }: Candidate, log: JobLog | undefined): Promise<void> {
    const output = await this.#outputFor(jobId, log);
    output.copy(printed);
    output.release();
  }

  /** A log has one writer: the one that is open is used, and one that is being closed is waited for. */
  async #outputFor(jobId: string, given: JobLog | undefined): Promise<JobOutput> {
    if (given) return this.#open(new JobOutput(jobId, given, false, (output) => this.#closed(output)));
    const before = [...this.#outputs].find((output) => output.jobId === jobId && output.isOurs);
    if (before && !before.isClosing) return before.retain();
    await before?.close();
    this.#makeLogFolder();
    const { secrets = [], logLimits = {} } = this.#options;
    const path = join(this.#logDir, logFileName(jobId));
    const log = new JobLog(path, { now: () => this.#clock.now(), secrets, limits: logLimits });
    return this.#open(new JobOutput(jobId, log, true, (output) => this.#closed(output)));
  }

  #makeLogFolder(): void {
    try {
      makePrivateFolder(this.#logDir);
    } catch (error) {
      this.#problems.tell(`There is nowhere to write logs: ${reportOf(error).message}`);
    }
  }

  #open(output: JobOutput): JobOutput {
    this.#outputs.add(output);
    return output;
  }

  #closed(output: JobOutput): void {
    this.#outputs.delete(output);
    this.#logFailures += output.log.failures;
  }

  #ended(entry: RegisteredProcess): void {
    this.#inTurn(entry.jobId, () => this.#settle(entry)).catch((error) => {
      this.#problems.tell(`The end of the process of job ${entry.jobId} was not noted: ${reportOf(error).message}`);
    });
  }

  /**
   * Forgets a process that is gone, and waits for its last words. As long as anything of its tree lives that can be told
   * to be its, it stays recorded, so that it can be found and ended.
   * @returns whether its record was removed
   */
  async #settle(entry: RegisteredProcess): Promise<boolean> {
    if (isAlive(entry.identity)) return false;
    const held = this.#held.get(entry.jobId);
    const ours = held && isSame(held.entry.identity, entry.identity) ? held : undefined;
    void ours?.stop();
    if (isTreeAlive(treeOf(entry))) return false;
    if (ours) this.#drop(ours);
    const removed = await this.#ask((registry) => registry.remove(entry.jobId, entry.identity)).catch(told);
    await ours?.output?.ended(OUTPUT_MS);
    return removed ?? false;
  }

  #drop(held: ProcessWatch): void {
    const { jobId } = held.entry;
    void held.stop();
    if (this.#held.get(jobId) !== held) return;
    this.#held.delete(jobId);
    this.#noted.delete(jobId);
    held.output?.release();
  }

  /** Nobody would watch over it. */
  async #endRefused({ child, identity, token }: Candidate): Promise<void> {
    if (!identity || !(child || isOwnChild(identity))) return;
    const { gone } = await killTree({ leader: identity, token }, this.#clock, 0);
    if (!gone) this.#problems.tell(`Process ${identity.pid}, which was not registered, could not be ended.`);
  }

  async #kill(entry: RegisteredProcess, graceMs: number): Promise<KillReport> {
    const { jobId, identity } = entry;
    // Kept open: what is said of the end comes after the end.
    const output = this.#held.get(jobId)?.output?.retain();
    const report = await killTree(treeOf(entry), this.#clock, graceMs);
    for (const { pid, command } of report.terminated)
      output?.note('INFO', `Ended when it was asked to: ${command} (pid ${pid})`);
    for (const { pid, command } of report.killed) output?.note('INFO', `Killed: ${command} (pid ${pid})`);
    output?.release();
    if (!report.gone) this.#problems.tell(`Not all processes of job ${jobId} (pid ${identity.pid}) could be ended.`);
    return report;
  }

  #isOrphan({ jobId, identity, lastHeartbeat }: RegisteredProcess, timeoutSeconds: number): boolean {
    const held = this.#held.get(jobId);
    if (held?.isRunning && isSame(held.entry.identity, identity)) return false;
    return this.#clock.now() - lastHeartbeat >= timeoutSeconds * 1000;
  }

  async #cleanup(jobId: string, timeoutSeconds: number, report: OrphanCleanup): Promise<void> {
    // Somebody may have been faster, or the process may have been seen alive since.
    const entry = await this.#ask((registry) => registry.get(jobId));
    if (!entry || !this.#isOrphan(entry, timeoutSeconds)) return;
    const ended = mayBeKilled(entry) ? await this.#kill(entry, KILL_GRACE_MS) : undefined;
    if (ended && !ended.gone) return;
    const removed = await this.#settle(entry);
    const processes = ended ? [...ended.terminated, ...ended.killed] : [];
    if (processes.length === 0 && !removed) return;
    report.cleaned += 1;
    report.killed.push(...processes.map((one) => ({ jobId, ...one })));
    if (processes.length === 0) report.spared.push({ jobId, pid: entry.identity.pid });
  }

  /** The record of a job: what is held if that lives, else what the registry says. */
  async #find(id: string): Promise<RegisteredProcess | undefined> {
    const held = this.#held.get(id)?.entry;
    if (held && isAlive(held.identity)) return held;
    return (await this.#ask((registry) => registry.get(id))) ?? held;
  }

  #usageOf(entry: RegisteredProcess): Usage | undefined {
    try {
      return this.#meterOf(entry).sample();
    } catch (error) {
      this.#problems.tell(`What job ${entry.jobId} uses cannot be told: ${reportOf(error).message}`);
      return undefined;
    }
  }

  #meterOf({ jobId, identity }: RegisteredProcess): UsageMeter {
    const held = this.#held.get(jobId);
    if (held && isSame(held.entry.identity, identity)) return held.meter;
    const known = this.#meters.get(jobId);
    if (known && isSame(known.identity, identity)) return known.meter;
    const meter = new UsageMeter(identity);
    this.#meters.set(jobId, { identity, meter });
    return meter;
  }

  async #figures(): Promise<{ metrics: ProcessMetrics; orphanedCount: number }> {
    const [counts, entries, logs] = await Promise.all([
      this.#ask((registry) => registry.counts()),
      this.#ask((registry) => registry.list()),
      logFiles(this.#logDir),
    ]);
    const listed = new Set(entries.map(({ jobId }) => jobId));
    for (const jobId of [...this.#meters.keys()]) if (!listed.has(jobId)) this.#meters.delete(jobId);
    const active = entries.filter(({ identity }) => isAlive(identity));
    const metrics = metricsFrom({
      counts,
      logs,
      listed: entries.length,
      usages: active.map((entry) => this.#usageOf(entry)),
      orphanedCleaned: this.#orphans.total,
      avgHeartbeatDelay: this.#delays.average,
      errorsCount: this.#errorsCount,
    });
    return { metrics, orphanedCount: entries.filter((entry) => this.#isOrphan(entry, ORPHAN_SECONDS)).length };
  }

  get #errorsCount(): number {
    const open = [...this.#outputs].reduce((sum, { log }) => sum + log.failures, 0);
    return this.#problems.count + this.#logFailures + open;
  }

  async #lastLines(id: string, lines: number): Promise<string[]> {
    const { text } = await lastLines(await this.#logPathOf(id), lines);
    return text === '' ? [] : text.replace(/\n$/, '').split('\n');
  }

  async #logPathOf(id: string): Promise<string> {
    const entry = this.#held.get(id)?.entry ?? (await this.#ask((registry) => registry.get(id)));
    return entry?.logPath || this.getLogPath(id);
  }

  #stream(id: string, lines: number | undefined, callback?: (line: string) => void | Promise<void>): LogStream {
    const stop = new AbortController();
    const read = () => this.#read(id, lines, stop);
    const ended = callback ? this.#tellLines(id, read(), callback) : Promise.resolve();
    return { [Symbol.asyncIterator]: read, ended, stop: () => stop.abort() };
  }

  async *#read(id: string, lines: number | undefined, stop: AbortController): AsyncGenerator<string, void, undefined> {
    if (this.#closing) return;
    const end = () => stop.abort();
    this.#readers.add(end);
    try {
      // A registration that is under way comes first.
      await this.#inTurn(id, async () => undefined);
      const path = await this.#logPathOf(id);
      yield* followLines({ path, lines, isLive: this.#liveness(id), clock: this.#clock, signal: stop.signal });
    } finally {
      this.#readers.delete(end);
    }
  }

  /** Whether more may come into a log. Of a log that another instance writes the last lines may come after the end. */
  #liveness(id: string): () => Promise<boolean> {
    let seenAt = Number.NEGATIVE_INFINITY;
    return async () => {
      if ([...this.#outputs].some((output) => output.jobId === id && output.isOurs)) return true;
      const now = this.#clock.monotonicMs();
      if (await this.isProcessRunning(id)) seenAt = now;
      return now - seenAt < LAST_LINES_MS;
    };
  }

  async #tellLines(id: string, lines: AsyncIterable<string>, callback: (line: string) => unknown): Promise<void> {
    const tell = async (line: string) => callback(line);
    const failed = (error: unknown) => {
      this.#problems.tell(`A reader of the log of job ${id} failed: ${reportOf(error).message}`);
    };
    try {
      for await (const line of lines) await tell(line).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Asks the registry, but not for ever. A failure is counted and told here. */
  async #ask<T>(question: (registry: ProcessRegistry) => Promise<T>): Promise<T> {
    const asking = async () => question(this.#registry);
    try {
      return await within(this.#probeTimeoutMs, 'An answer', asking());
    } catch (error) {
      this.#problems.tell(`The process registry failed: ${reportOf(error).message}`);
      throw error;
    }
  }

  /** What changes the process of a job comes one after the other. */
  async #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(id) ?? { mutex: new Mutex(), waiting: 0 };
    this.#turns.set(id, turn);
    turn.waiting += 1;
    try {
      return await turn.mutex.hold(work);
    } finally {
      turn.waiting -= 1;
      if (turn.waiting === 0) this.#turns.delete(id);
    }
  }
}

/** `spare`: it belongs to somebody else, so it is not ended. */
interface Refused {
  type: 'refused';
  why: string;
  spare?: boolean;
}

/** `recorded`: another instance did, and this one joins it. */
type Admitted = { type: 'new' } | { type: 'recorded'; entry: RegisteredProcess };
/** `held`: there is nothing left to do. */
type Admission = Admitted | Refused | { type: 'held' };

function refusal(why: string, spare = false): Refused {
  return { type: 'refused', why, spare };
}

function refusedFor(error: unknown): Refused {
  return refusal(reportOf(error).message);
}

/** For a failure that has been told: what was asked for is not known. */
function told(): undefined {
  return undefined;
}

function candidateFrom(childOrPid: ChildProcess | number, given: string | undefined): Candidate {
  const child = typeof childOrPid === 'number' ? undefined : childOrPid;
  const pid = typeof childOrPid === 'number' ? childOrPid : childOrPid.pid;
  const identity = child ? identifyChild(child) : identify(pid as number);
  const token = given ?? (child && identity ? tokenOf(identity) : undefined);
  return {
    child,
    printed: child ? printedBy(child) : [],
    pid,
    identity,
    // What this process inherited itself tells nothing about its child.
    token: token && !isOwnToken(token) ? token : undefined,
  };
}

/** What it prints is not wanted. */
function ignore({ printed }: Candidate): void {
  for (const stream of printed) stream.destroy();
}

function treeOf({ identity, token }: RegisteredProcess) {
  return { leader: identity, token };
}

/** Whether there is anything of it that is surely ours; never the calling process. */
function mayBeKilled(entry: RegisteredProcess): boolean {
  return entry.identity.pid !== process.pid && isTreeAlive(treeOf(entry));
}
