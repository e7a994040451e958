import type { JobProcess, JobUsage } from '../../../api-types.ts';

/** What the service does not keep yet, as this page saw it. */
export interface Sample {
  /** Since the process of the run started. */
  elapsedSeconds: number;
  cpuPercent: number | null;
  memoryBytes: number | null;
}

/** What the processes of a job used over the time that was worked: run behind run, with a gap between two. */
export interface Curve {
  seconds: number[];
  cpuPercent: (number | null)[];
  memoryBytes: (number | null)[];
}

const MB = 1024 ** 2;

/** @returns undefined while nothing runs */
export function sampleOf({ running, elapsedSeconds, cpuPercent, memoryMb }: JobProcess): Sample | undefined {
  if (!running) return undefined;
  return { elapsedSeconds, cpuPercent, memoryBytes: memoryMb === null ? null : memoryMb * MB };
}

/** @param live of the run at work, the first first */
export function curveOf(runs: JobUsage['runs'], live: readonly Sample[]): Curve {
  const curve: Curve = { seconds: [], cpuPercent: [], memoryBytes: [] };
  let before = 0;
  for (const [index, { points }] of runs.entries()) {
    const isLast = index === runs.length - 1;
    const kept = points.at(-1)?.elapsedSeconds ?? 0;
    const samples: Sample[] = [...points, ...(isLast ? live.filter((sample) => sample.elapsedSeconds > kept) : [])];
    if (samples.length === 0) continue;
    if (curve.seconds.length > 0) add(curve, before, { cpuPercent: null, memoryBytes: null });
    for (const sample of samples) add(curve, before + sample.elapsedSeconds, sample);
    before += samples.at(-1)?.elapsedSeconds ?? 0;
  }
  return curve;
}

function add(curve: Curve, at: number, { cpuPercent, memoryBytes }: Omit<Sample, 'elapsedSeconds'>): void {
  curve.seconds.push(at);
  curve.cpuPercent.push(cpuPercent);
  curve.memoryBytes.push(memoryBytes);
}
