/** What the process of a job does now. */
import { reportOf } from '../domain/errors.ts';
import { BYTES_PER_MB } from './health.ts';
import { isAlive } from './identity.ts';
import { isSame, type RegisteredProcess } from './process-registry.ts';
import type { ProcessTable } from './process-table.ts';
import { type Usage, UsageMeter } from './usage.ts';

export interface ProcessStatus {
  running: boolean;
  /** The recorded process, which may be gone; null when none is recorded. */
  pid: number | null;
  /** Per cent of one core, the descendants' included: two busy cores are 200. Null where it cannot be known. */
  cpuPercent: number | null;
  /** Resident memory, the descendants' included, in MB of 1,048,576 bytes. Null where it cannot be known. */
  memoryMb: number | null;
  /** Since the process started; 0 when it does not run. */
  elapsedSeconds: number;
}

/** Whether exactly the recorded process of a job runs, and not as a zombie. */
export async function isRunning(table: ProcessTable, jobId: string): Promise<boolean> {
  const entry = await table.find(jobId);
  return entry !== undefined && isAlive(entry.identity);
}

/** What the recorded process of a job does. */
export async function statusOf(table: ProcessTable, jobId: string): Promise<ProcessStatus> {
  const entry = await table.find(jobId);
  const pid = entry?.identity.pid ?? null;
  if (!entry || !isAlive(entry.identity)) {
    return { running: false, pid, cpuPercent: 0, memoryMb: 0, elapsedSeconds: 0 };
  }
  const usage = usageOf(table, entry);
  return {
    running: true,
    pid,
    cpuPercent: usage?.cpuPercent ?? null,
    memoryMb: usage ? usage.rssBytes / BYTES_PER_MB : null,
    elapsedSeconds: usage?.elapsedSeconds ?? (table.clock.now() - entry.registeredAt) / 1000,
  };
}

/** What a recorded process and its descendants use, CPU since the last look. @returns undefined where that cannot be known */
export function usageOf(table: ProcessTable, entry: RegisteredProcess): Usage | undefined {
  try {
    return meterOf(table, entry).sample();
  } catch (error) {
    table.problems.tell(`What job ${entry.jobId} uses cannot be told: ${reportOf(error).message}`);
    return undefined;
  }
}

function meterOf({ held, meters }: ProcessTable, { jobId, identity }: RegisteredProcess): UsageMeter {
  const watch = held.get(jobId);
  if (watch && isSame(watch.entry.identity, identity)) return watch.meter;
  const known = meters.get(jobId);
  if (known && isSame(known.identity, identity)) return known.meter;
  const meter = new UsageMeter(identity);
  meters.set(jobId, { identity, meter });
  return meter;
}
