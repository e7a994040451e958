/**
 * One run of a job, from the fork to the last process gone.
 *
 * Whatever happens in the runner, this function ends: with the runner's own word, with its death, or with this side
 * ending it (asked to, lease lost, a verdict of `watch.ts`). Afterwards no process of the run is left, and only then is
 * the outcome returned.
 */
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import { endsByItself, type RunOutcome, type StopReason } from '../domain/outcome.ts';
import { renewedUntil } from '../lease/lease.ts';
import type { JobLog } from '../logs/job-log.ts';
import { ownOomKills } from '../native/oom.ts';
import type { RunOrder } from '../pipeline/order.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import type { RunnerMessage, RunnerOutcome, SupervisorMessage } from '../runner/protocol.ts';
import { getJob, updateHeartbeat } from '../store/jobs.ts';
import type { Claimed } from '../store/queue.ts';
import type { Store } from '../store/store.ts';
import { removeSoon } from './cgroup.ts';
import { Conversation } from './conversation.ts';
import { bury, endTree, sayGoodbye, sweepUp } from './ending.ts';
import { crashReport, type Exit } from './exit.ts';
import { LimitWatch, timeLimitSeconds } from './limits.ts';
import { nameMemory } from './memory-end.ts';
import type { Tell } from './news.ts';
import type { ProcessManager } from './process-manager.ts';
import { answerRequest, storeReport } from './requests.ts';
import { RunnerEndedError, type RunnerProcess, type Share, startRunner } from './spawn.ts';
import type { RunContext } from './store-registry.ts';
import { exactBytes, type Usage } from './usage.ts';
import { UsageSeries } from './usage-series.ts';
import { channelClosed, outcomeOfVerdict, type Verdict } from './verdict.ts';
import { type Patience, RunWatch } from './watch.ts';

/** A polite stop leaves this long for the chunk in flight. */
const STOP_GRACE_MS = 8_000;
/** What the runner may need beyond the grace to say `done`. */
const STOP_MARGIN_MS = 1_000;
/** Memory is looked at this often, because it can grow fast. */
const SAMPLE_SECONDS = 0.5;
/** A runner whose channel closed may take this long to end itself. */
const CHANNEL_MARGIN_MS = 1_000;

/** What a run may use; `config/schema.ts` tells more. */
export interface RunLimits extends Share {
  /** A hard limit; without it the estimate decides. */
  timeoutSeconds: number | undefined;
}

export interface RunDependencies {
  store: Store;
  clock: Clock;
  processes: ProcessManager;
  /** The built runner program. */
  runnerPath: string;
  limits: RunLimits;
  patience: Patience;
  log: JobLog;
  tell: Tell;
  /** Takes the secrets out of what is kept or shown. */
  redact(text: string): string;
  /** Something around the run failed that the run survives. */
  onProblem(sentence: string, level?: LogLevel): void;
}

export interface RunResult {
  outcome: RunOutcome;
  usage: { peakMemoryBytes: number; cpuSeconds: number } | undefined;
  /** Seconds worked on the job so far, all runs together. */
  elapsedSeconds: number;
  /** How far the runner said that the job is; a heartbeat writes it down only now and then. */
  percent?: number | undefined;
  /** Who asked for it to stop, where that was somebody by name. */
  askedBy?: string | undefined;
}

/** A run under way. */
export class Run {
  readonly result: Promise<RunResult>;
  readonly #deps: RunDependencies;
  readonly #claimed: Claimed;
  readonly #order: RunOrder;
  readonly #startedAt: number;
  readonly #series: UsageSeries;
  readonly #conversation: Conversation;
  #process: RunnerProcess | undefined;
  #watch: RunWatch | undefined;
  #limitWatch: LimitWatch | undefined;
  #cpuSeconds = 0;
  #memoryBytes = 0;
  /** Cores that other jobs keep busy, as last told; undefined: as the order says. */
  #besideCores: number[] | undefined;
  #stopping: StopReason | undefined;
  #verdict: Verdict | undefined;
  /** The end of the runner's tree, by us. */
  #ending: Promise<void> | undefined;
  /** The job was completed; its lease is gone because of that. */
  #finished = false;
  #progress: ProgressReport | undefined;
  /** Seconds of work expected for the whole job, once its length is known. */
  #estimateSeconds: number | undefined;

  constructor(deps: RunDependencies, claimed: Claimed, order: RunOrder) {
    const { store, clock, log, tell, redact } = deps;
    this.#deps = deps;
    this.#claimed = claimed;
    this.#order = order;
    this.#startedAt = clock.monotonicMs();
    this.#estimateSeconds = claimed.job.estimated_duration ?? undefined;
    this.#series = new UsageSeries(store, clock, claimed.run.id);
    this.#conversation = new Conversation({
      jobId: claimed.job.id,
      log,
      tell,
      redact,
      send: (message) => this.#send(message),
      listener: {
        ready: () => this.#begin(),
        heartbeat: () => this.#beat(),
        progress: (progress) => this.#moved(progress),
        answer: (request) => this.#answer(request),
      },
    });
    this.result = this.#live();
  }

  /** How far the job is, as the runner tells. */
  get progress(): ProgressReport | undefined {
    return this.#progress;
  }

  /** Measured last, of all its processes. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Other jobs began or ended beside this one. */
  beside(cores: number[]): void {
    this.#besideCores = cores;
    this.#send({ type: 'beside', cores });
  }

  /** Asks the run to stop at its checkpoint; ends it when it does not. The first reason stays, but a person's pause
   * takes the place of one that ends by itself; no grace overrules a grace. */
  stop(why: StopReason, graceMs: number = STOP_GRACE_MS): void {
    if (why === 'pause' && endsByItself(this.#stopping)) this.#stopping = why;
    if (this.#stopping && graceMs > 0) return;
    this.#stopping ??= why;
    this.#send({ type: 'stop', why, graceMs });
    const deadline = setTimeout(() => this.#end(), graceMs + STOP_MARGIN_MS);
    void this.result.finally(() => clearTimeout(deadline));
  }

  async #live(): Promise<RunResult> {
    const { clock, log, runnerPath, limits } = this.#deps;
    const { token } = this.#claimed.run;
    const oomKillsBefore = ownOomKills();
    let outcome: RunOutcome;
    try {
      const onProblem = (sentence: string) => this.#problem(sentence);
      this.#process = await startRunner({ runnerPath, token, cwd: this.#order.jobDir, share: limits, onProblem });
      outcome = await this.#supervise(this.#process);
    } catch (error) {
      const ended = error instanceof RunnerEndedError;
      outcome = ended ? this.#outcomeOfDeath(error.exit) : { type: 'failed', error: storeReport(error) };
    }
    if (!(await sweepUp({ token, clock, log }))) {
      this.#problem('Some processes of this run could not be ended', 'ERROR');
    }
    const usage = this.#usage();
    outcome = nameMemory(outcome, {
      cgroup: this.#process?.cgroup,
      limitBytes: limits.memoryBytes,
      peakBytes: usage?.peakMemoryBytes ?? 0,
      hostKilled: !this.#verdict && (ownOomKills() ?? 0) > (oomKillsBefore ?? 0),
    });
    await this.#removeCgroup();
    return { outcome, usage, elapsedSeconds: this.#elapsedSeconds(), percent: this.#progress?.percent };
  }

  async #supervise(runner: RunnerProcess): Promise<RunOutcome> {
    const { clock, log, processes } = this.#deps;
    const { job, run } = this.#claimed;
    const scope = { runner, token: run.token, clock, log };
    this.#watch = this.#startWatch(runner);
    try {
      this.#listen(runner);
      await this.#register(runner);
      const said = await Promise.race([this.#conversation.lastWord, runner.exited]);
      if ('exit' in said) return this.#outcomeOfDeath(said.exit);
      await sayGoodbye(scope);
      return this.#outcomeOfWord(said);
    } finally {
      this.#watch.stop();
      await bury(scope, this.#ending);
      await processes.unregisterProcess(job.id);
    }
  }

  #startWatch({ identity, cgroup }: RunnerProcess): RunWatch {
    const { clock, patience, limits } = this.#deps;
    // Where the kernel holds the limit it is not measured as well.
    const memoryBytes = cgroup?.hasMemoryLimit ? undefined : limits.memoryBytes;
    this.#limitWatch = new LimitWatch({ ...(memoryBytes ? { memoryBytes } : {}), exact: () => exactBytes(identity) });
    return new RunWatch({
      clock,
      patience,
      limits: this.#limitWatch,
      // What a person's last word granted is not counted twice: the limit begins anew with it.
      runningSeconds: () => this.#elapsedSeconds() - this.#claimed.job.limit_from_seconds,
      timeLimitSeconds: () => this.#timeLimitSeconds(),
      onVerdict: (verdict) => this.#condemn(verdict),
    });
  }

  #timeLimitSeconds(): number {
    return timeLimitSeconds({
      ...(this.#deps.limits.timeoutSeconds ? { settingSeconds: this.#deps.limits.timeoutSeconds } : {}),
      ...(this.#estimateSeconds ? { estimateSeconds: this.#estimateSeconds } : {}),
    });
  }

  /**
   * A registration that is refused ends the runner.
   * @throws why it failed, where it was not refused: a full disk is no crash
   */
  async #register({ child }: RunnerProcess): Promise<void> {
    const { log, processes } = this.#deps;
    const { job, run } = this.#claimed;
    const context: RunContext = { runId: run.id, leaseToken: run.lease_token };
    const { registered, error } = await processes.registerProcess(job.id, child, 'longhand runner', {
      token: run.token,
      log,
      context,
      intervalSeconds: SAMPLE_SECONDS,
      onSample: (usage) => this.#sampled(usage),
    });
    if (error !== undefined) throw error;
    // Refused with its lease, or ended before it could be registered: then it has crashed, and its exit tells that.
    if (!registered && !(await this.#holdsLease())) this.stop('lease lost', 0);
  }

  async #holdsLease(): Promise<boolean> {
    const { job, run } = this.#claimed;
    return (await getJob(this.#deps.store, job.id))?.lease_token === run.lease_token;
  }

  #listen({ child }: RunnerProcess): void {
    child.on('message', (raw) => {
      this.#conversation.hear(raw).catch((error) => this.#problem(reportOf(error).message));
    });
    // A send may fail because the runner is gone; its exit tells the rest.
    child.on('error', (error) => this.#problem(`The runner's channel: ${error.message}`));
    child.once('disconnect', () => {
      const deadline = setTimeout(() => this.#condemn(channelClosed()), CHANNEL_MARGIN_MS);
      void this.result.finally(() => clearTimeout(deadline));
    });
  }

  #begin(): void {
    this.#send({ type: 'start', order: this.#order });
    // News that came before the start would have been lost.
    if (this.#besideCores !== undefined) this.#send({ type: 'beside', cores: this.#besideCores });
    // A stop that came before the start would have been lost.
    if (this.#stopping) this.#send({ type: 'stop', why: this.#stopping, graceMs: 0 });
  }

  #moved(progress: ProgressReport): void {
    const before = this.#progress;
    this.#progress = progress;
    if (progress.percent !== before?.percent || progress.chunk !== before?.chunk) this.#watch?.progressed();
  }

  #sampled(usage: Usage): void {
    this.#cpuSeconds = Math.max(this.#cpuSeconds, usage.cpuSeconds);
    this.#memoryBytes = usage.rssBytes;
    this.#watch?.sampled(usage);
    this.#series.add(usage, this.#progress?.percent ?? 0).catch((error) => {
      this.#problem(`A sample of the usage could not be kept: ${reportOf(error).message}`);
    });
  }

  async #answer(request: Extract<RunnerMessage, { type: 'request' }>) {
    const { store } = this.#deps;
    const { job, run } = this.#claimed;
    const scope = { store, jobId: job.id, runId: run.id, leaseToken: run.lease_token };
    const answer = await answerRequest(
      {
        ...scope,
        elapsedSeconds: () => this.#elapsedSeconds(),
        onEstimate: (seconds) => {
          this.#estimateSeconds = seconds;
        },
      },
      request,
    );
    if (request.verb === 'finish' && answer.ok) this.#finished = true;
    // Done or failed, a chunk that was in work is not any more.
    if (request.verb === 'commitChunk' || request.verb === 'failChunk') this.#watch?.progressed();
    return answer;
  }

  async #beat(): Promise<void> {
    const { store, clock, processes } = this.#deps;
    const { job, run } = this.#claimed;
    processes.noteHeartbeat(job.id, (this.#watch?.beat() ?? 0) / 1000);
    const beat = {
      leaseToken: run.lease_token,
      leaseUntil: renewedUntil(clock),
      elapsedSeconds: this.#elapsedSeconds(),
      progress: this.#progress?.percent,
      progressStage: this.#progress?.stage,
      speed: this.#progress?.speed,
    };
    try {
      const won = await updateHeartbeat(store, job.id, beat);
      if (!won && !this.#finished) this.stop('lease lost', 0);
    } catch (error) {
      // The lease still holds; the next beat tries again, and the runner's own requests tell it when the disk is full.
      this.#problem(`The heartbeat could not be written: ${reportOf(error).message}`);
    }
  }

  #condemn(verdict: Verdict): void {
    if (this.#verdict || this.#stopping) return;
    this.#verdict = verdict;
    this.#deps.log.write('ERROR', 'supervisor', verdict.error.message);
    this.#end();
  }

  /** Ends the runner's tree; the exit is noticed where it is waited for. */
  #end(): void {
    const runner = this.#process;
    if (!runner || this.#ending) return;
    const { clock, log } = this.#deps;
    this.#ending = endTree({ runner, token: this.#claimed.run.token, clock, log }).catch((error) =>
      this.#problem(`Ending the run's processes: ${reportOf(error).message}`),
    );
  }

  /** A runner that is being ended says that it was stopped, or that its engine failed. Why is known here. */
  #outcomeOfWord(said: RunnerOutcome): RunOutcome {
    if (said.type === 'completed') return said;
    if (this.#verdict) return outcomeOfVerdict(this.#verdict, { code: null, signal: null });
    if (said.type === 'failed' && !(this.#stopping && this.#ending)) return said;
    return { type: 'stopped', why: this.#stopping ?? 'lease lost' };
  }

  #outcomeOfDeath(exit: Exit): RunOutcome {
    if (this.#stopping) return { type: 'stopped', why: this.#stopping };
    if (this.#verdict) return outcomeOfVerdict(this.#verdict, exit);
    return { type: 'crashed', ...exit, error: crashReport(exit) };
  }

  async #removeCgroup(): Promise<void> {
    const cgroup = this.#process?.cgroup;
    if (cgroup && !(await removeSoon(() => cgroup.remove(), this.#deps.clock))) {
      this.#problem('Its control group could not be removed');
    }
  }

  #send(message: SupervisorMessage): void {
    const child = this.#process?.child;
    // A message that cannot be delivered means that the runner is gone; its exit is what counts.
    if (child?.connected) child.send(message, () => undefined);
  }

  #problem(sentence: string, level: LogLevel = 'WARNING'): void {
    this.#deps.log.write(level, 'supervisor', sentence);
    this.#deps.onProblem(`Job ${this.#claimed.job.id}: ${sentence}`, level);
  }

  #usage(): RunResult['usage'] {
    const cgroup = this.#process?.cgroup;
    // Where the kernel struck, it knows better than who looks twice a second.
    const struck = cgroup && cgroup.oomKills() > 0 ? (cgroup.memoryPeakBytes() ?? 0) : 0;
    const peakMemoryBytes = Math.max(this.#limitWatch?.peakBytes ?? 0, struck);
    return peakMemoryBytes === 0 ? undefined : { peakMemoryBytes, cpuSeconds: this.#cpuSeconds };
  }

  #elapsedSeconds(): number {
    return this.#claimed.job.elapsed_seconds + (this.#deps.clock.monotonicMs() - this.#startedAt) / 1000;
  }
}
