/**
 * Who a process is, beyond its number.
 *
 * Process ids are used again, so a number written down an hour ago may now be anybody. A process is identified by boot
 * id + pid + start time (proc(5): field 22 of /proc/PID/stat, in clock ticks since boot), and everything that belongs
 * to a run also carries the run's random token in its environment. Nothing is ever signalled before its identity was
 * read again. A zombie is dead: it answers to signal 0 but does nothing any more.
 *
 * Where there is no /proc, `ps` gives the start time, and a token cannot be seen.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** The environment variable that every process of a run inherits. */
export const RUN_TOKEN_VARIABLE = 'LONGHAND_RUN_TOKEN';

export interface ProcessIdentity {
  pid: number;
  /** Opaque; equal for the same process only. */
  startTime: string;
  /** Changes with each start of the machine; null where the system has none. */
  bootId: string | null;
}

/** The fields of /proc/PID/stat that Longhand uses. */
export interface ProcessStat {
  pid: number;
  command: string;
  state: string;
  parentPid: number;
  groupId: number;
  sessionId: number;
  /** Clock ticks spent by the process itself. */
  cpuTicks: number;
  /** Clock ticks spent by its children that it has waited for. */
  childCpuTicks: number;
  startTime: string;
  rssPages: number;
}

const hasProc = process.platform === 'linux';
const DEAD_STATES = new Set(['Z', 'X', 'x']);
let boot: string | null | undefined;

/** This boot's id, or null where the system has none. */
export function bootId(): string | null {
  if (boot === undefined) boot = hasProc ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : null;
  return boot;
}

/** Reads /proc/PID/stat. Returns undefined when there is no such process. Zombies are reported with their state. */
export function readStat(pid: number): ProcessStat | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  // The command may hold anything, parentheses and spaces included: it ends at the last ')'.
  const end = line.lastIndexOf(')');
  const fields = line.slice(end + 2).split(' ');
  const number = (index: number) => Number(fields[index]);
  return {
    pid,
    command: line.slice(line.indexOf('(') + 1, end),
    state: fields[0] ?? 'X',
    parentPid: number(1),
    groupId: number(2),
    sessionId: number(3),
    cpuTicks: number(11) + number(12),
    childCpuTicks: number(13) + number(14),
    startTime: fields[19] ?? '',
    rssPages: number(21),
  };
}

/** The identity of a living process, or undefined. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!hasProc) return identifyByPs(pid);
  const stat = readStat(pid);
  return stat && !isDead(stat) ? identityFrom(stat) : undefined;
}

/** The identity of a child of this process, or undefined when it never started or has ended. */
export function identifyChild({ pid, exitCode, signalCode }: ChildProcess): ProcessIdentity | undefined {
  // Once it was reaped its number may be somebody else's.
  return pid === undefined || exitCode !== null || signalCode !== null ? undefined : identify(pid);
}

/** The identity that goes with what was read of a process. */
export function identityFrom({ pid, startTime }: ProcessStat): ProcessIdentity {
  return { pid, startTime, bootId: bootId() };
}

/** Whether a process was a zombie, or on its way out, when it was read. */
export function isDead({ state }: ProcessStat): boolean {
  return DEAD_STATES.has(state);
}

/** Every process there is, zombies included. Where there is no /proc nobody is seen. */
export function allProcesses(): ProcessStat[] {
  return numbersInProc().flatMap((pid) => readStat(pid) ?? []);
}

/** Whether exactly this process is still alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** Whether this process is alive and a child of the calling one. */
export function isOwnChild(identity: ProcessIdentity): boolean {
  return isAlive(identity) && parentOf(identity.pid) === process.pid;
}

/**
 * Whether this process is alive and leads a group that may be signalled: one that is its own, and not the caller's, who
 * would be hit as well.
 */
export function leadsGroup(identity: ProcessIdentity): boolean {
  return isAlive(identity) && groupOf(identity.pid) === identity.pid && groupOf(process.pid) !== identity.pid;
}

/**
 * Sends a signal to exactly this process.
 * @returns false when nothing was sent: it is gone, its number belongs to somebody else, or it may not be signalled
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && send(identity.pid, signal);
}

/**
 * Sends a signal to the process group that this process leads.
 * @returns false when nothing was sent: the leader is gone or somebody else, or leads no group but the caller's own
 */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return leadsGroup(leader) && send(-leader.pid, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    // EPERM: it became another user's (a set-user-ID program). Whoever waits for its end sees that it lives.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

/**
 * Makes a run token, as an addition to the environment of a program that is about to be started.
 *
 * All that the program starts inherits it, so its whole tree is found and ended even where parts of it moved to a session
 * of their own and lost their parent. One token belongs to one job: call this once for each.
 * @example
 * const child = spawn('transcribe.sh', ['talk.flac'], { env: { ...process.env, ...processEnvironment() } });
 */
export function processEnvironment(): { [RUN_TOKEN_VARIABLE]: string } {
  return { [RUN_TOKEN_VARIABLE]: randomUUID() };
}

/** The run token that a process was started with; undefined where it has none, or the system does not show it. */
export function tokenOf(identity: ProcessIdentity): string | undefined {
  if (!hasProc) return undefined;
  const prefix = `${RUN_TOKEN_VARIABLE}=`;
  const entries = environmentOf(identity.pid)?.toString().split('\0') ?? [];
  const token = entries.find((entry) => entry.startsWith(prefix))?.slice(prefix.length);
  return token && isAlive(identity) ? token : undefined;
}

/** Whether this is the token of the run that the calling process belongs to: its parent and siblings carry it as well. */
export function isOwnToken(token: string): boolean {
  if (process.env[RUN_TOKEN_VARIABLE] === token) return true;
  const self = identify(process.pid);
  return self !== undefined && tokenOf(self) === token;
}

/** Every living process of this user that carries the token, whatever group or session it moved to. This one excepted. */
export function processesWithToken(token: string): ProcessIdentity[] {
  const wanted = Buffer.from(`\0${RUN_TOKEN_VARIABLE}=${token}\0`);
  const found: ProcessIdentity[] = [];
  for (const pid of numbersInProc()) {
    if (pid === process.pid) continue;
    const before = identify(pid);
    if (!before || !environmentOf(pid)?.includes(wanted)) continue;
    // The number may have changed hands between the two reads.
    if (isAlive(before)) found.push(before);
  }
  return found;
}

/** The environment a process was started with, framed so that each entry stands between two zeros; undefined if not ours. */
export function environmentOf(pid: number): Buffer | undefined {
  try {
    return readFramed(`/proc/${pid}/environ`);
  } catch (error) {
    // Another user's process, or gone in between: not ours either way.
    if (isGone(error) || (error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

/** Where files of /proc are read into: they do not tell their size, and a new place for each would be 64 KB of garbage. */
let place = Buffer.alloc(64 * 1024);

/** A file of /proc behind a zero byte. */
function readFramed(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    place[0] = 0;
    for (let length = 1; ; ) {
      if (length === place.length) place = Buffer.concat([place], 2 * place.length);
      const bytes = readSync(file, place, length, place.length - length, null);
      if (bytes === 0) return Buffer.from(place.subarray(0, length));
      length += bytes;
    }
  } finally {
    closeSync(file);
  }
}

function numbersInProc(): number[] {
  if (!hasProc) return [];
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function groupOf(pid: number): number | undefined {
  return hasProc ? readStat(pid)?.groupId : numberByPs(pid, 'pgid');
}

function parentOf(pid: number): number | undefined {
  return hasProc ? readStat(pid)?.parentPid : numberByPs(pid, 'ppid');
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  const [state, ...start] = askPs(pid, 'stat=,lstart=').split(/\s+/);
  if (!state || DEAD_STATES.has(state[0] ?? '')) return undefined;
  return { pid, startTime: start.join(' '), bootId: null };
}

function numberByPs(pid: number, column: 'pgid' | 'ppid'): number | undefined {
  const text = askPs(pid, `${column}=`);
  return text === '' ? undefined : Number(text);
}

/** What ps(1) says of a process; nothing where there is none, which it also tells by exiting with 1. */
function askPs(pid: number, columns: string): string {
  try {
    return execFileSync('ps', ['-o', columns, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}
