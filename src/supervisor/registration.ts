/**
 * Registers the process of a job: who it is (`candidate.ts`), whether it may be (`admission.ts`), its record, its watch.
 *
 * What is refused, or cannot be recorded, is ended with its tree, because nobody would watch over it. But only what is
 * surely ours: a child of this process, and nothing that is registered for another job.
 */
import type { ChildProcess } from 'node:child_process';
import { reportOf } from '../domain/errors.ts';
import type { JobLog } from '../logs/job-log.ts';
import { type Admitted, admit, type Refused, refusal } from './admission.ts';
import { type Candidate, candidateFrom, ignorePrinted } from './candidate.ts';
import { identifyChild, isOwnChild, leadsGroup, type ProcessIdentity } from './identity.ts';
import { killTree } from './kill-tree.ts';
import { noteEnd } from './process-end.ts';
import type { RegisteredProcess } from './process-registry.ts';
import type { ProcessTable } from './process-table.ts';
import { INTERVAL_SECONDS } from './process-watch.ts';
import type { Usage } from './usage.ts';
import { holdProcess } from './watching.ts';

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
  /** What failed, where it was not refused but could not be registered: a full disk, a registry that does not answer. */
  error?: unknown;
}

/** What was asked for. */
interface Order {
  jobId: string;
  candidate: Candidate;
  command: string;
  options: RegisterOptions;
}

/**
 * Records which process works on a job, keeps what it prints, and watches it, as soon as it is the job's turn.
 * @returns never rejects; why it was not registered is told
 */
export async function register(
  table: ProcessTable,
  jobId: string,
  childOrPid: ChildProcess | number,
  command: string,
  options: RegisterOptions,
): Promise<Registration> {
  const candidate = candidateFrom(childOrPid, options.token);
  const order = { jobId, candidate, command, options };
  const refused = await table.turns.hold(jobId, () => carryOut(table, order));
  const logPath = options.log?.path ?? table.logPath(jobId);
  return { pid: candidate.pid, logPath, registered: refused === undefined, error: refused?.error };
}

/** @returns undefined when it is registered */
async function carryOut(table: ProcessTable, order: Order): Promise<Refused | undefined> {
  const admission = await admit(table, order.jobId, order.candidate).catch(refusedFor);
  if (admission.type === 'held') {
    ignorePrinted(order.candidate);
    return undefined;
  }
  const refused = admission.type === 'refused' ? admission : await record(table, order, admission);
  if (refused) await refuse(table, order, refused);
  return refused;
}

/** @returns undefined when it is recorded and watched */
async function record(table: ProcessTable, order: Order, admitted: Admitted): Promise<Refused | undefined> {
  const { joins, identity } = admitted;
  const { jobId, options } = order;
  const entry = joins ?? entryFor(table, order, identity);
  try {
    const isSaved = joins ? true : await table.ask((registry) => registry.save(entry, options.context));
    if (!isSaved) return refusal('Its record was refused.');
    await watch(table, order, entry);
    return undefined;
  } catch (error) {
    // Another instance may watch over what was recorded before.
    if (joins) return { ...refusedFor(error), spare: true };
    await table.askIfPossible((registry) => registry.remove(jobId, identity));
    return refusedFor(error);
  }
}

function entryFor(table: ProcessTable, order: Order, identity: ProcessIdentity): RegisteredProcess {
  const { jobId, candidate, command, options } = order;
  const now = table.clock.now();
  return {
    jobId,
    command,
    identity,
    token: candidate.token,
    leadsGroup: leadsGroup(identity),
    logPath: options.log?.path ?? table.ownLogPath(jobId),
    registeredAt: now,
    lastHeartbeat: now,
  };
}

async function watch(table: ProcessTable, { candidate, options }: Order, entry: RegisteredProcess): Promise<void> {
  const { child, printed } = candidate;
  const output = await table.outputs.open(entry.jobId, options.log);
  if (!options.log) output.note('INFO', `Process ${entry.identity.pid} is registered: ${entry.command}`);
  output.copy(printed);
  const held = holdProcess(table, entry, { output, onSample: options.onSample });
  held.start(options.intervalSeconds ?? INTERVAL_SECONDS);
  child?.once('exit', () => noteEnd(table, entry));
  // It may have ended before anybody listened.
  if (child && !identifyChild(child)) noteEnd(table, entry);
}

async function refuse(table: ProcessTable, order: Order, { why, spare }: Refused): Promise<void> {
  const { jobId, candidate, command } = order;
  const who = `Process ${candidate.pid ?? '(none)'} (${command})`;
  table.problems.tell(`${who} was not registered for job ${jobId}: ${why}`);
  // What ended before it could be registered may have said why.
  if (!candidate.identity && candidate.printed.length > 0) await keepPrinted(table, order);
  else ignorePrinted(candidate);
  if (!spare) await endRefused(table, candidate);
}

async function keepPrinted(table: ProcessTable, { jobId, candidate, options }: Order): Promise<void> {
  const output = await table.outputs.open(jobId, options.log);
  output.copy(candidate.printed);
  output.release();
}

/** Nobody would watch over it. */
async function endRefused(table: ProcessTable, { child, identity, token }: Candidate): Promise<void> {
  if (!identity || !(child || isOwnChild(identity))) return;
  const { gone } = await killTree({ leader: identity, token }, table.clock, 0);
  if (!gone) table.problems.tell(`Process ${identity.pid}, which was not registered, could not be ended.`, 'ERROR');
}

function refusedFor(error: unknown): Refused {
  return { ...refusal(reportOf(error).message), error };
}
