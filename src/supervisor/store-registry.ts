import { JobCounter } from '../store/job-counter.ts';
import { registerProcess } from '../store/jobs.ts';
import { latestRun, setRunProcess, unendedRuns } from '../store/runs.ts';
import type { JobRow, RunRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { bootId, type ProcessIdentity } from './identity.ts';
import type { ProcessRegistry, RegisteredProcess } from './process-registry.ts';

/** Which run a process is registered for; without it a job's row is not written. */
export interface RunContext {
  runId: number;
  leaseToken: string;
}

/**
 * The processes of an owner's jobs, kept where everything else about them is kept: the identity and token in the run's
 * row, pid, log and heartbeat in the job's. They are there from the claim to the end that `settle.ts` writes, so there is
 * nothing to remove, and the heartbeat is the runner's own (`run.ts`).
 */
export class StoreRegistry implements ProcessRegistry {
  readonly #store: Store;
  readonly #counter: JobCounter;

  constructor(store: Store, counter = new JobCounter(store)) {
    this.#store = store;
    this.#counter = counter;
  }

  /** @returns false when the lease is lost or the run has ended; then the process must be ended */
  async save({ jobId, identity, logPath }: RegisteredProcess, context?: unknown): Promise<boolean> {
    const { runId, leaseToken } = context as RunContext;
    if (!(await setRunProcess(this.#store, runId, identity))) return false;
    const facts = { pid: identity.pid, logFilePath: logPath, leaseToken };
    return await registerProcess(this.#store, Number(jobId), facts);
  }

  async get(jobId: string): Promise<RegisteredProcess | undefined> {
    const run = await latestRun(this.#store, Number(jobId));
    return run && run.ended_at === null ? registered(run) : undefined;
  }

  async list(): Promise<RegisteredProcess[]> {
    return (await unendedRuns(this.#store)).flatMap(({ run, job }) => registered(run, job) ?? []);
  }

  async beat(): Promise<boolean> {
    return true;
  }

  async remove(): Promise<boolean> {
    return false;
  }

  async counts(): Promise<{ totalJobs: number; jobsWithPid: number }> {
    const { everRan, jobsWithPid } = await this.#counter.counts();
    return { totalJobs: everRan, jobsWithPid };
  }
}

function registered(run: RunRow, job?: JobRow): RegisteredProcess | undefined {
  const identity = leaderOf(run);
  if (!identity) return undefined;
  return {
    jobId: String(run.job_id),
    command: 'longhand runner',
    identity,
    token: run.token,
    leadsGroup: true,
    logPath: job?.log_file_path ?? '',
    registeredAt: run.started_at,
    lastHeartbeat: job?.last_heartbeat ?? run.started_at,
  };
}

/** The recorded process of a run, unless the machine was restarted since: then none of its numbers means anything. */
export function leaderOf(run: RunRow): ProcessIdentity | undefined {
  if (run.pid === null || run.pid_start_time === null || run.boot_id !== bootId()) return undefined;
  return { pid: run.pid, startTime: run.pid_start_time, bootId: run.boot_id };
}
