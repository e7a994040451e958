/** Engine workers and their threads, capped by the machine: more of either only makes them wait for each other. */
export function withinCores(processes: number, workers: number, cores: number): { processes: number; workers: number } {
  const capped = Math.max(1, Math.min(processes, cores));
  return { processes: capped, workers: Math.max(1, Math.min(workers, Math.floor(cores / capped))) };
}
