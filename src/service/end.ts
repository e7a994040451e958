import { systemClock } from '../domain/clock.ts';
import { LonghandError } from '../domain/errors.ts';
import type { JobStatus } from '../domain/job.ts';
import { isAlive, type ProcessIdentity, signalProcess } from '../supervisor/identity.ts';

const LOOK_EVERY_MS = 20;

/** What became of a job that was in work when the service was asked to end. */
export interface LeftJob {
  jobId: number;
  /** `pending`: it goes on from its checkpoint with the next start. */
  status: JobStatus;
}

/**
 * Asks exactly this process to end, and waits until it is gone. One that was stopped (Ctrl-Z) is continued, so that it can.
 * @throws LonghandError when it may not be signalled, or is not gone in time; then it goes on ending
 */
export async function endProcess(identity: ProcessIdentity, timeoutMs: number): Promise<void> {
  const asked = signalProcess(identity, 'SIGTERM');
  if (!asked && isAlive(identity)) {
    throw new LonghandError({
      kind: 'usage',
      message: `The service (process ${identity.pid}) belongs to another account.`,
      remedy: 'Stop it from the account that started it.',
    });
  }
  signalProcess(identity, 'SIGCONT');
  const deadline = systemClock.monotonicMs() + timeoutMs;
  while (isAlive(identity)) {
    if (systemClock.monotonicMs() > deadline) throw new SlowEndError(identity.pid, timeoutMs);
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}

class SlowEndError extends LonghandError {
  constructor(pid: number, timeoutMs: number) {
    super({
      kind: 'timeout',
      message: `The service (process ${pid}) is still ending after ${timeoutMs / 1000} s.`,
      remedy: 'Wait for it; or once more, which ends at once what it waits for: longhand stop',
    });
  }
}
