/**
 * What a run's processes use, read from /proc: the runner, its children and theirs, found by parent.
 *
 * A look costs about 30 µs for each process, so two looks a second at two jobs take less than a thousandth of a core.
 * Children are those of a process's main thread (proc(5), /proc/PID/task/TID/children): the runner and the engines
 * start theirs there.
 *
 * CPU time of a child is in its parent's account once the parent has waited for it, so the sum over the living tree
 * (own time plus that of the children waited for) misses nothing that ended in an orderly way.
 *
 * Where there is no /proc nothing is known, and that is what is said: a `ps` twice a second would cost more than all the
 * rest of the supervision.
 */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { bootId, type ProcessIdentity, type ProcessStat, readStat } from './identity.ts';

/** USER_HZ is 100 on every architecture that Node runs on; see times(2) and sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;
/** A tick is 10 ms: over a shorter time than this, CPU use is a matter of luck. */
const LEAST_INTERVAL_MS = 200;
/** The page size in the auxiliary vector of a process (getauxval(3)). */
const AT_PAGESZ = 6n;
const USUAL_PAGE_BYTES = 4096;

export interface Usage {
  /** When: milliseconds since some moment, for intervals. */
  at: number;
  /** CPU time of all processes since they started. */
  cpuSeconds: number;
  /** CPU time since the last sample, in per cent of one core: two busy cores are 200. At first: since the start. */
  cpuPercent: number;
  /**
   * Resident memory of all processes. What several share is counted for each; `exactBytes` counts it once. The kernel's
   * count is rough, by some hundred kilobytes for each process (proc(5), on rss).
   */
  rssBytes: number;
  /** Living ones. */
  processes: number;
  /** Since the first process, the leader, started. */
  elapsedSeconds: number;
}

/** Looks from time to time at what a tree uses. */
export class UsageMeter {
  readonly #leader: ProcessIdentity;
  #peakRssBytes = 0;
  #cpuSeconds = 0;
  /** What the next sample's CPU use is compared with. */
  #mark: Usage | undefined;

  constructor(leader: ProcessIdentity) {
    this.#leader = leader;
  }

  /**
   * Looks now. Returns undefined when there is nothing to see: the leader is gone, or this is not Linux.
   * @param now milliseconds of a clock that does not go back
   */
  sample(now: number = performance.now()): Usage | undefined {
    const stats = treeOf(this.#leader);
    const [leader] = stats;
    if (!leader) return undefined;
    const living = stats.filter(({ state }) => !'ZXx'.includes(state));
    const cpuSeconds = sum(stats, ({ cpuTicks, childCpuTicks }) => cpuTicks + childCpuTicks) / TICKS_PER_SECOND;
    const rssBytes = sum(stats, ({ rssPages }) => rssPages) * pageBytes();
    const elapsedSeconds = secondsSince(leader.startTime);
    const cpuPercent = this.#cpuPercent(now, cpuSeconds, elapsedSeconds);
    const usage = { at: now, cpuSeconds, cpuPercent, rssBytes, processes: living.length, elapsedSeconds };
    this.#peakRssBytes = Math.max(this.#peakRssBytes, rssBytes);
    this.#cpuSeconds = Math.max(this.#cpuSeconds, cpuSeconds);
    if (!this.#mark || now - this.#mark.at >= LEAST_INTERVAL_MS) this.#mark = usage;
    return usage;
  }

  /** The highest and latest figures seen, or undefined when nothing was. */
  get totals(): { peakMemoryBytes: number; cpuSeconds: number } | undefined {
    if (this.#peakRssBytes === 0) return undefined;
    return { peakMemoryBytes: this.#peakRssBytes, cpuSeconds: this.#cpuSeconds };
  }

  #cpuPercent(now: number, cpuSeconds: number, elapsedSeconds: number): number {
    const mark = this.#mark;
    if (!mark) return elapsedSeconds > 0 ? (100 * cpuSeconds) / elapsedSeconds : 0;
    const intervalMs = now - mark.at;
    if (intervalMs < LEAST_INTERVAL_MS) return mark.cpuPercent;
    // The time of a process whose parent did not wait for it goes with it: the sum may fall.
    return Math.max(0, (100 * (cpuSeconds - mark.cpuSeconds)) / (intervalMs / 1000));
  }
}

/**
 * The tree's memory with shared pages counted once: the sum of the proportional set sizes (proc(5),
 * /proc/PID/smaps_rollup, Linux 4.14 or later). The kernel walks all page tables for it, about a millisecond and more
 * for each process: to be asked only when the answer decides something.
 * @returns undefined where it cannot be known
 */
export function exactBytes(leader: ProcessIdentity): number | undefined {
  const sizes = treeOf(leader).map(({ pid }) => proportionalBytes(pid));
  if (sizes.length === 0 || sizes.includes(undefined)) return undefined;
  return sum(sizes, (bytes) => bytes ?? 0);
}

/** Seconds since a start time in ticks after boot, as exact as a tick. */
function secondsSince(startTime: string): number {
  const ticks = Math.round(uptime() * TICKS_PER_SECOND) - Number(startTime);
  return Math.max(0, ticks) / TICKS_PER_SECOND;
}

/** The leader and its descendants, the leader first. Empty when it is gone, or there is no /proc. */
function treeOf(leader: ProcessIdentity): ProcessStat[] {
  if (process.platform !== 'linux' || leader.bootId !== bootId()) return [];
  const root = readStat(leader.pid);
  if (!root || root.startTime !== leader.startTime || 'ZXx'.includes(root.state)) return [];
  const found = [root];
  for (const { pid } of found) {
    for (const child of childrenOf(pid)) {
      const stat = readStat(child);
      if (stat) found.push(stat);
    }
  }
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    const line = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return line === '' ? [] : line.split(' ').map(Number);
  } catch {
    // Gone in between, or a kernel without this file (CONFIG_PROC_CHILDREN): then there is nothing to add.
    return [];
  }
}

/** 0 for a process that is gone; undefined where the kernel does not tell. */
function proportionalBytes(pid: number): number | undefined {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch (error) {
    // Ended since the look at the tree, or a zombie.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH' || !readStat(pid)) return 0;
    return undefined;
  }
}

let page: number | undefined;

/** Bytes of a memory page: 4 KiB on most machines, 16 or 64 KiB on some with ARM processors. */
function pageBytes(): number {
  page ??= pageBytesIn(readFileSync('/proc/self/auxv'));
  return page;
}

function pageBytesIn(auxv: Buffer): number {
  // Pairs of words as long as the machine's.
  if (auxv.length % 16 !== 0) return USUAL_PAGE_BYTES;
  const words = new BigUint64Array(new Uint8Array(auxv).buffer);
  for (let index = 0; index < words.length; index += 2) {
    if (words[index] === AT_PAGESZ) return Number(words[index + 1]);
  }
  return USUAL_PAGE_BYTES;
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
