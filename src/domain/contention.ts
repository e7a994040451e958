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
 * How many times longer work takes when jobs that want so many cores together share the machine: not at all while there
 * are cores enough, then in proportion.
 */
export function slowdownFor(wantedCores: number, cores: number): number {
  return Math.max(1, wantedCores / cores);
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
    const wanted = others.reduce((sum, other) => sum + other.cores, run.cores);
    aloneMs += (to - from) / slowdownFor(wanted, cores);
  }
  return aloneMs / length;
}
