/**
 * Jobs that run side by side on the same cores slow each other down. What a run teaches about speed must not depend on
 * what ran beside it, and what is expected of a run must.
 */

/** A run, and the cores that it keeps busy when it is alone. Times in milliseconds. */
export interface Occupied {
  fromMs: number;
  toMs: number;
  cores: number;
}

/**
 * How many times longer work takes that shares the machine with other jobs. The system is fair to jobs, not to processes:
 * each run is a group of its own (cgroups(7); sched(7), autogrouping), so one that wants less than its share gets all of it,
 * and the others share the rest (max-min fairness; Bertsekas and Gallager, 'Data Networks', 6.5.2).
 * @param wanted cores that the work keeps busy when it is alone
 * @param beside the same for each of the other jobs
 * @returns at least 1
 */
export function slowdownFor(wanted: number, beside: readonly number[], cores: number): number {
  let left = cores;
  let sharers = beside.length + 1;
  for (const other of [...beside].sort((a, b) => a - b)) {
    if (other >= wanted) break;
    left -= Math.min(other, left / sharers);
    sharers -= 1;
  }
  return Math.max(1, wanted / (left / sharers));
}

/** How the cores of a machine are shared while a run is at work. */
export interface CoreLoad {
  /** Cores of the machine. */
  cores: number;
  /** Cores that each engine worker of the run keeps busy. */
  perWorker: number;
  /** Cores that each of the other jobs keeps busy meanwhile. */
  beside: readonly number[];
}

/** How many times longer the work of each engine worker takes while so many of them are busy. */
export function slowdownUnder({ cores, perWorker, beside }: CoreLoad, busyWorkers: number): number {
  return slowdownFor(busyWorkers * perWorker, beside, cores);
}

/**
 * The share of its time that a run would have needed with the machine to itself.
 * @param beside other runs; only what overlaps counts
 * @param cores of the machine
 * @returns above 0, at most 1
 */
export function aloneShare(run: Occupied, beside: readonly Occupied[], cores: number): number {
  const length = run.toMs - run.fromMs;
  if (length <= 0) return 1;
  const overlapping = beside.filter(({ fromMs, toMs }) => fromMs < run.toMs && toMs > run.fromMs);
  const inside = overlapping.flatMap(({ fromMs, toMs }) => [fromMs, toMs]).filter((at) => at > run.fromMs);
  const edges = [run.fromMs, ...inside.filter((at) => at < run.toMs), run.toMs].sort((a, b) => a - b);
  let aloneMs = 0;
  for (const [index, to] of edges.entries()) {
    const from = edges[index - 1];
    if (from === undefined || from === to) continue;
    const others = overlapping.filter(({ fromMs, toMs }) => fromMs < to && toMs > from);
    const wanted = others.map((other) => other.cores);
    aloneMs += (to - from) / slowdownFor(run.cores, wanted, cores);
  }
  return aloneMs / length;
}
