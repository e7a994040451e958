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
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

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
  if (!stat || DEAD_STATES.has(stat.state)) return undefined;
  return { pid, startTime: stat.startTime, bootId: bootId() };
}

/** Whether exactly this process is still alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId;
}

/**
 * Sends a signal to exactly this process.
 * @returns false when it is gone or its number belongs to somebody else; then nothing was sent
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && send(identity.pid, signal);
}

/**
 * Sends a signal to the process group that this process leads.
 * @returns false when the leader is gone or is somebody else; then nothing was sent
 */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(leader) && send(-leader.pid, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Every living process of this user that carries the token, whatever group or session it moved to. This one excepted. */
export function processesWithToken(token: string): ProcessIdentity[] {
  if (!hasProc) return [];
  const wanted = Buffer.from(`\0${RUN_TOKEN_VARIABLE}=${token}\0`);
  const found: ProcessIdentity[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const before = identify(pid);
    if (!before || !environmentOf(pid)?.includes(wanted)) continue;
    // The number may have changed hands between the two reads.
    if (isAlive(before)) found.push(before);
  }
  return found;
}

/** The environment a process was started with, framed so that each entry stands between two zeros. */
function environmentOf(pid: number): Buffer | undefined {
  try {
    return Buffer.concat([Buffer.from('\0'), readFileSync(`/proc/${pid}/environ`)]);
  } catch (error) {
    // Another user's process, or gone in between: not ours either way.
    if (isGone(error) || (error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [state, ...start] = line.split(/\s+/);
    if (!state || DEAD_STATES.has(state[0] ?? '')) return undefined;
    return { pid, startTime: start.join(' '), bootId: null };
  } catch {
    // ps exits with 1 when there is no such process.
    return undefined;
  }
}
