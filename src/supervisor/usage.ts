/**
 * What a run's processes use, read from /proc. Where there is no /proc nothing is known, and that is what is said.
 *
 * CPU time of a child is in its parent's account once the parent has waited for it, so the sum over the living tree
 * (own time plus that of the children waited for) misses nothing that ended in an orderly way.
 */
import { readFileSync } from 'node:fs';
import { isAlive, type ProcessIdentity, type ProcessStat, readStat } from './identity.ts';

/** USER_HZ is 100 on every architecture that Node runs on; see times(2) and sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface Usage {
  cpuSeconds: number;
  rssBytes: number;
}

/** Keeps the highest memory and the latest CPU time of a tree that is looked at from time to time. */
export class UsageMeter {
  readonly #leader: ProcessIdentity;
  #peakRssBytes = 0;
  #cpuSeconds = 0;

  constructor(leader: ProcessIdentity) {
    this.#leader = leader;
  }

  /** Looks now. Returns undefined when there is nothing to see. */
  sample(): Usage | undefined {
    if (process.platform !== 'linux' || !isAlive(this.#leader)) return undefined;
    const usage = sumOf(tree(this.#leader.pid));
    this.#peakRssBytes = Math.max(this.#peakRssBytes, usage.rssBytes);
    this.#cpuSeconds = Math.max(this.#cpuSeconds, usage.cpuSeconds);
    return usage;
  }

  /** The highest and latest figures seen, or undefined when nothing was. */
  get totals(): { peakMemoryBytes: number; cpuSeconds: number } | undefined {
    if (this.#peakRssBytes === 0) return undefined;
    return { peakMemoryBytes: this.#peakRssBytes, cpuSeconds: this.#cpuSeconds };
  }
}

function tree(root: number): ProcessStat[] {
  const found: ProcessStat[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    const stat = readStat(pid);
    if (!stat) continue;
    found.push(stat);
    waiting.push(...childrenOf(pid));
  }
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    const line = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return line === '' ? [] : line.split(' ').map(Number);
  } catch {
    // Gone in between, or a kernel without this file: then there is nothing to add.
    return [];
  }
}

function sumOf(stats: ProcessStat[]): Usage {
  let ticks = 0;
  let pages = 0;
  for (const stat of stats) {
    ticks += stat.cpuTicks + stat.childCpuTicks;
    pages += stat.rssPages;
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes: pages * PAGE_BYTES };
}
