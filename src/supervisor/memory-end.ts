import type { RunOutcome } from '../domain/outcome.ts';
import type { Cgroup } from './cgroup.ts';
import { hostMemoryReport, memoryReport } from './limits.ts';

/** A group whose peak was this near its limit was over it; else the host had no memory left for anybody. */
const AT_THE_LIMIT = 0.9;

export interface MemoryEvidence {
  /** The run's control group, where it has one. */
  cgroup: Cgroup | undefined;
  limitBytes: number;
  /** The most that was measured in use. */
  peakBytes: number;
  /** The OOM killer struck near us while the run went on, and nobody else had ended the run. */
  hostKilled: boolean;
}

/**
 * The kernel ends what is over a memory limit, or what it chooses when the host has none left, without a word. This says
 * it: over its own limit a job has failed; a runner that the host took is a crash, since the host may have room again.
 */
export function nameMemory(
  outcome: RunOutcome,
  { cgroup, limitBytes, peakBytes, hostKilled }: MemoryEvidence,
): RunOutcome {
  if (outcome.type !== 'crashed' && outcome.type !== 'failed') return outcome;
  const groupPeakBytes = Math.max(peakBytes, cgroup?.memoryPeakBytes() ?? 0);
  if (cgroup?.hasMemoryLimit && cgroup.oomKills() > 0 && groupPeakBytes >= AT_THE_LIMIT * limitBytes) {
    return { type: 'failed', error: memoryReport({ limitBytes, peakBytes: groupPeakBytes }) };
  }
  const runnerWasTaken = outcome.type === 'crashed' && outcome.signal === 'SIGKILL';
  if (!runnerWasTaken || !(hostKilled || (cgroup?.oomKills() ?? 0) > 0)) return outcome;
  return { ...outcome, error: hostMemoryReport({ what: 'the runner', peakBytes }) };
}
