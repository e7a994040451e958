/**
 * One run of a job, from the fork to the last process gone.
 *
 * Whatever happens in the runner, this function ends: with the runner's own word, with its death, or with this side
 * ending it (asked to, lease lost, no heartbeat). Afterwards no process of the run is left, and only then is the
 * outcome returned.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '../domain/clock.ts';
import { type ErrorReport, reportOf } from '../domain/errors.ts';
import type { RunOutcome, StopReason } from '../domain/outcome.ts';
import { renewedUntil } from '../lease/lease.ts';
import type { JobLog } from '../logs/job-log.ts';
import type { RunOrder } from '../pipeline/order.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import { HEARTBEAT_INTERVAL_MS, type RunnerOutcome, type SupervisorMessage } from '../runner/protocol.ts';
import { registerProcess, updateHeartbeat } from '../store/jobs.ts';
import type { Claimed } from '../store/queue.ts';
import { setRunProcess } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { killTree, sweep } from './kill-tree.ts';
import { parseRunnerMessage } from './messages.ts';
import type { Tell } from './news.ts';
import { answerRequest } from './requests.ts';
import { type RunnerProcess, startRunner } from './spawn.ts';
import { UsageMeter } from './usage.ts';

/** A polite stop leaves this long for the chunk in flight. */
export const STOP_GRACE_MS = 8_000;
/** What the runner may need beyond the grace to say `done`. */
const STOP_MARGIN_MS = 1_000;
/** This many heartbeats in a row missed: the runner's process hangs. Counted in turns, so that a laptop may sleep. */
const MISSED_HEARTBEATS = 6;
const USAGE_INTERVAL_MS = 1_000;
/** A runner that said `done` may take this long to end. */
const GOODBYE_MS = 5_000;
/** After the runner's end a descendant may hold its pipes open; the rest of the output is then given up. */
const OUTPUT_DEADLINE_MS = 1_000;

export interface RunDependencies {
  store: Store;
  clock: Clock;
  /** The built runner program. */
  runnerPath: string;
  log: JobLog;
  tell: Tell;
}

export interface RunResult {
  outcome: RunOutcome;
  usage: { peakMemoryBytes: number; cpuSeconds: number } | undefined;
  /** Seconds worked on the job so far, all runs together. */
  elapsedSeconds: number;
}

/** A run under way. */
export class Run {
  readonly result: Promise<RunResult>;
  readonly #deps: RunDependencies;
  readonly #claimed: Claimed;
  readonly #order: RunOrder;
  readonly #startedAt: number;
  /** Resolves with the runner's last word. */
  readonly #said: Promise<RunnerOutcome>;
  #hearLastWord!: (outcome: RunnerOutcome) => void;
  #process: RunnerProcess | undefined;
  #stopping: StopReason | undefined;
  #hung: ErrorReport | undefined;
  #silentTurns = 0;
  /** The job was completed; its lease is gone because of that. */
  #finished = false;
  #progress: ProgressReport | undefined;

  constructor(deps: RunDependencies, claimed: Claimed, order: RunOrder) {
    this.#deps = deps;
    this.#claimed = claimed;
    this.#order = order;
    this.#startedAt = deps.clock.now();
    this.#said = new Promise((resolve) => {
      this.#hearLastWord = resolve;
    });
    this.result = this.#live();
  }

  /** Asks the run to stop at its checkpoint; ends it when it does not. The first reason stays; no grace overrules a grace. */
  stop(why: StopReason, graceMs: number = STOP_GRACE_MS): void {
    if (this.#stopping && graceMs > 0) return;
    this.#stopping ??= why;
    this.#send({ type: 'stop', why, graceMs });
    const deadline = setTimeout(() => this.#end(), graceMs + STOP_MARGIN_MS);
    void this.result.finally(() => clearTimeout(deadline));
  }

  async #live(): Promise<RunResult> {
    const { clock, log, runnerPath } = this.#deps;
    const { run } = this.#claimed;
    let usage: UsageMeter | undefined;
    let outcome: RunOutcome;
    try {
      this.#process = await startRunner({ runnerPath, token: run.token, cwd: this.#order.jobDir });
      usage = new UsageMeter(this.#process.identity);
      outcome = await this.#supervise(this.#process, usage);
    } catch (error) {
      outcome = { type: 'failed', error: reportOf(error) };
    }
    const swept = await sweep(run.token, clock);
    for (const { pid, command } of swept.killed) log.write('WARNING', 'supervisor', `Ended ${command} (pid ${pid})`);
    if (!swept.gone) log.write('ERROR', 'supervisor', 'Some processes of this run could not be ended');
    return { outcome, usage: usage?.totals, elapsedSeconds: this.#elapsedSeconds() };
  }

  async #supervise(runner: RunnerProcess, usage: UsageMeter): Promise<RunOutcome> {
    const exited = exitOf(runner);
    const watch = setInterval(() => this.#checkHeartbeat(), HEARTBEAT_INTERVAL_MS);
    const sampling = setInterval(() => usage.sample(), USAGE_INTERVAL_MS);
    try {
      this.#listen(runner);
      await this.#register(runner);
      const said = await Promise.race([this.#said, exited]);
      if ('exit' in said) return this.#outcomeOfDeath(said.exit);
      usage.sample();
      await this.#sayGoodbye(runner, exited);
      return this.#outcomeOfWord(said);
    } finally {
      clearInterval(watch);
      clearInterval(sampling);
      await this.#bury(runner, exited);
    }
  }

  /** Makes sure that the runner and its guard are gone, whichever way we got here. */
  async #bury(runner: RunnerProcess, exited: Promise<unknown>): Promise<void> {
    await runner.guard.dismiss();
    const { token } = this.#claimed.run;
    if (isRunning(runner)) await killTree({ leader: runner.identity, token }, this.#deps.clock, 0);
    await exited;
  }

  async #register({ identity }: RunnerProcess): Promise<void> {
    const { store, log } = this.#deps;
    const { job, run } = this.#claimed;
    const known = await setRunProcess(store, run.id, identity);
    const leaseToken = this.#leaseToken;
    const won =
      known && (await registerProcess(store, job.id, { pid: identity.pid, logFilePath: log.path, leaseToken }));
    if (!won) this.stop('lease lost', 0);
  }

  #listen({ child }: RunnerProcess): void {
    child.on('message', (raw) => void this.#hear(raw));
    // A send may fail because the runner is gone; its exit tells the rest.
    child.on('error', (error) =>
      this.#deps.log.write('WARNING', 'supervisor', `The runner's channel: ${error.message}`),
    );
    for (const stream of [child.stdout, child.stderr]) if (stream) this.#copyToLog(stream);
  }

  #copyToLog(stream: Readable): void {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) =>
      this.#deps.log.write('WARNING', 'runner', line),
    );
  }

  async #hear(raw: unknown): Promise<void> {
    const { log, tell, store } = this.#deps;
    const message = parseRunnerMessage(raw);
    const jobId = this.#claimed.job.id;
    if (!message) return log.write('WARNING', 'supervisor', 'The runner sent a message that is none');
    switch (message.type) {
      case 'ready':
        this.#send({ type: 'start', order: this.#order });
        // A stop that came before the start would have been lost.
        if (this.#stopping) this.#send({ type: 'stop', why: this.#stopping, graceMs: 0 });
        return;
      case 'heartbeat':
        this.#silentTurns = 0;
        return this.#beat();
      case 'progress':
        this.#progress = message.progress;
        return tell({ type: 'progress', jobId, progress: message.progress });
      case 'log':
        log.write(message.level, message.stage, message.message);
        return tell({ type: 'log', jobId, level: message.level, message: message.message });
      case 'request': {
        const scope = { store, jobId, runId: this.#claimed.run.id, leaseToken: this.#leaseToken };
        const answer = await answerRequest({ ...scope, elapsedSeconds: () => this.#elapsedSeconds() }, message);
        if (message.verb === 'finish' && answer.ok) this.#finished = true;
        return this.#send(answer);
      }
      case 'done':
        return this.#hearLastWord(message.outcome);
    }
  }

  async #beat(): Promise<void> {
    const { store, clock, log } = this.#deps;
    const beat = {
      leaseToken: this.#leaseToken,
      leaseUntil: renewedUntil(clock),
      elapsedSeconds: this.#elapsedSeconds(),
      progress: this.#progress?.percent,
      progressStage: this.#progress?.stage,
      speed: this.#progress?.speed,
    };
    try {
      const won = await updateHeartbeat(store, this.#claimed.job.id, beat);
      if (!won && !this.#finished) this.stop('lease lost', 0);
    } catch (error) {
      // The lease still holds; the next beat tries again, and the runner's own requests tell it when the disk is full.
      log.write('WARNING', 'supervisor', `The heartbeat could not be written: ${reportOf(error).message}`);
    }
  }

  #checkHeartbeat(): void {
    this.#silentTurns += 1;
    if (this.#silentTurns < MISSED_HEARTBEATS) return;
    const seconds = (MISSED_HEARTBEATS * HEARTBEAT_INTERVAL_MS) / 1000;
    this.#hung = { kind: 'crash', message: `The runner sent no heartbeat for ${seconds} s and was ended.` };
    this.#end();
  }

  /** Ends the runner's tree; the exit is noticed where it is waited for. */
  #end(): void {
    const runner = this.#process;
    if (!runner || !isRunning(runner)) return;
    const { clock, log } = this.#deps;
    const { token } = this.#claimed.run;
    void killTree({ leader: runner.identity, token }, clock).then(({ killed }) => {
      for (const { pid, command } of killed) log.write('INFO', 'supervisor', `Ended ${command} (pid ${pid})`);
    });
  }

  async #sayGoodbye(runner: RunnerProcess, exited: Promise<unknown>): Promise<void> {
    // First the guard: once the runner is reaped its group's number may be somebody else's.
    await runner.guard.dismiss();
    this.#send({ type: 'goodbye' });
    const patience = new AbortController();
    await Promise.race([exited, this.#deps.clock.sleep(GOODBYE_MS, patience.signal).catch(() => undefined)]);
    patience.abort();
  }

  #outcomeOfWord(said: RunnerOutcome): RunOutcome {
    if (said.type === 'stopped') return { type: 'stopped', why: this.#stopping ?? 'lease lost' };
    return said;
  }

  #outcomeOfDeath({ code, signal }: Exit): RunOutcome {
    if (this.#stopping) return { type: 'stopped', why: this.#stopping };
    return { type: 'crashed', code, signal, error: this.#hung ?? crashReport(code, signal) };
  }

  #send(message: SupervisorMessage): void {
    const child = this.#process?.child;
    // A message that cannot be delivered means that the runner is gone; its exit is what counts.
    if (child?.connected) child.send(message, () => undefined);
  }

  get #leaseToken(): string {
    return this.#claimed.run.lease_token;
  }

  #elapsedSeconds(): number {
    return this.#claimed.job.elapsed_seconds + (this.#deps.clock.now() - this.#startedAt) / 1000;
  }
}

interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Settles when the process has ended and its output was read, or a moment after its end. */
function exitOf({ child }: RunnerProcess): Promise<{ exit: Exit }> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const done = () => resolve({ exit: { code, signal } });
      const deadline = setTimeout(done, OUTPUT_DEADLINE_MS);
      child.once('close', () => {
        clearTimeout(deadline);
        done();
      });
    });
  });
}

function isRunning({ child }: RunnerProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function crashReport(code: number | null, signal: string | null): ErrorReport {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
  const remedy = 'The job goes on from its last checkpoint.';
  return { kind: 'crash', message: `The runner ${how} before the job was done.`, remedy };
}
