/** The states of a job and the one table of what may follow what. `docs/states.md` draws it. */
export const JOB_STATUSES = [
  'pending',
  'processing',
  'retrying',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

const NEXT: Record<JobStatus, readonly JobStatus[]> = {
  // Claimed; paused or cancelled while it waits; failed when its source is gone.
  pending: ['processing', 'paused', 'cancelled', 'failed'],
  // pending again: node lost, drain, restart, polite stop.
  processing: ['completed', 'failed', 'retrying', 'paused', 'cancelled', 'pending'],
  retrying: ['pending', 'cancelled', 'failed'],
  paused: ['pending', 'cancelled'],
  // One stage again.
  completed: ['pending'],
  // Retry by hand.
  failed: ['pending'],
  cancelled: ['pending'],
};

/** Whether a job may go from one state straight to another. */
export function canTransition(from: JobStatus, to: JobStatus): boolean {
  return NEXT[from].includes(to);
}

/** The states from which `to` can be reached in one step. */
export function statesBefore(to: JobStatus): JobStatus[] {
  return JOB_STATUSES.filter((from) => canTransition(from, to));
}

/** After so long without a heartbeat nobody is thought to work on a job. */
export const ORPHAN_TIMEOUT_SECONDS = 300;

/** What may become of a job when the page that started it stays closed. */
export const ON_LEAVE = ['continue', 'cancel'] as const;
export type OnLeave = (typeof ON_LEAVE)[number];

/** States in which a job rests until somebody acts on it. */
export function isAtRest(status: JobStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled' || status === 'paused';
}

/** Who may have paused a job. All but the user let it go on by themselves. */
export const PAUSERS = ['user', 'quiet hours', 'queue'] as const;
export type Pauser = (typeof PAUSERS)[number];

/** Whether a job rests until a person acts on it; one that was paused by the clock or with the queue does not. */
export function awaitsPerson(status: JobStatus, pausedBy: string | null | undefined): boolean {
  if (status === 'paused') return pausedBy !== 'quiet hours' && pausedBy !== 'queue';
  return isAtRest(status);
}

/** Why a transition is refused, in words for a person. */
export function refusal(from: JobStatus, to: JobStatus): string {
  const may = NEXT[from];
  return `A ${from} job cannot become ${to}; it can become ${may.join(', ')}.`;
}
