import { getJob } from '../store/jobs.ts';
import { listRuns } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { listUsage } from '../store/usage.ts';
import { jobNotFound } from './errors.ts';

/** One look at a run's processes. */
export interface UsagePoint {
  /** ISO 8601. */
  at: string;
  /** Seconds since the run's process started. */
  elapsedSeconds: number;
  /** 100 is one core kept busy; null where the system does not tell. */
  cpuPercent: number | null;
  memoryBytes: number | null;
  /** Per cent of the job. */
  progress: number | null;
}

export interface RunUsage {
  run: number;
  points: UsagePoint[];
}

/**
 * What the processes of each run of a job used over time, at most 500 points a run.
 * @throws JobNotFoundError
 */
export async function usageOf(store: Store, jobId: number): Promise<{ id: number; runs: RunUsage[] }> {
  if (!(await getJob(store, jobId))) throw await jobNotFound(store, jobId);
  const runs: RunUsage[] = [];
  for (const run of await listRuns(store, jobId)) {
    const samples = await listUsage(store, run.id);
    runs.push({
      run: run.number,
      points: samples.map(({ at, ...sample }) => ({ at: new Date(at).toISOString(), ...sample })),
    });
  }
  return { id: jobId, runs };
}
