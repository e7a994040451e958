import fc from 'fast-check';
import { expect } from 'vitest';
import { canTransition, isAtRest, JOB_STATUSES, type JobStatus } from '../../src/domain/job.ts';
import type { EventRow, JobRow, QueueRow, RunRow } from '../../src/store/schema.ts';
import type { everything } from './support.ts';

/*
 * The state table as a small model: what may be asked of the store, what it must answer, and how the rows must look
 * afterwards, whatever was asked before.
 */

/** What one of three actors asks for. Jobs and actors are counted from 0. */
export type Step =
  | { do: 'claim'; actor: number; job?: number | undefined }
  | {
      do: 'move';
      actor: number;
      job: number;
      to: JobStatus;
      from?: JobStatus[] | undefined;
      lease: Lease;
      delayMs: number;
    }
  | { do: 'finish'; actor: number; job: number; lease: Exclude<Lease, 'none'> }
  | { do: 'beat'; actor: number; job: number; lease: Exclude<Lease, 'none'> }
  | { do: 'forgive'; job: number }
  | { do: 'wait'; ms: number };

/** Under which lease: none, the last one that the actor got for the job, stale or not, or the one that the next actor got. */
type Lease = 'none' | 'own' | 'another';

export const JOBS = 2;
export const ACTORS = 3;
const BACKOFF_MS = 100;

const actor = fc.nat(ACTORS - 1);
const job = fc.nat(JOBS - 1);
const anyLease = fc.constantFrom<'own' | 'another'>('own', 'own', 'another');
const states = fc.subarray([...JOB_STATUSES]);

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim'), actor, job: fc.option(job, { nil: undefined }) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('move'),
      actor,
      job,
      to: fc.constantFrom(...JOB_STATUSES, 'pending' as const, 'retrying' as const),
      from: fc.oneof(fc.constant(undefined), fc.constant(undefined), states),
      lease: fc.oneof(fc.constant('none' as const), anyLease),
      delayMs: fc.constantFrom(0, 0, BACKOFF_MS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('finish'), actor, job, lease: anyLease }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('beat'), actor, job, lease: anyLease }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forgive'), job }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, BACKOFF_MS) }) },
);

export interface ModelJob {
  id: number;
  status: JobStatus;
  lease: string | null;
  notBefore: number;
  runs: number;
  crashes: number;
  elapsedSeconds: number;
  limitFromSeconds: number;
}

export function submitted(id: number): ModelJob {
  const counts = { runs: 0, crashes: 0, elapsedSeconds: 0, limitFromSeconds: 0 };
  return { id, status: 'pending', lease: null, notBefore: 0, ...counts };
}

export function canBeClaimed(job: ModelJob, now: number): boolean {
  return job.status === 'pending' && job.notBefore <= now;
}

/** How the reason must read for which a step is refused; undefined when it must be taken. */
export function refusedFor(
  { status, lease }: ModelJob,
  to: JobStatus,
  how: { from?: JobStatus[] | undefined; token?: string | undefined },
): string | undefined {
  if (!canTransition(status, to)) return `A ${status} job cannot become ${to}; it can become `;
  if (to === 'processing') return 'by a claim alone';
  if (how.from && !how.from.includes(status)) return `is ${status} now; it was to become ${to} only from `;
  if (how.token !== undefined && how.token !== lease) return `is lost: it is ${status} now`;
  return undefined;
}

/** Takes the step in the model, as one that was not refused. */
export function take(job: ModelJob, to: JobStatus, notBefore: number): void {
  if (to === 'pending' && isAtRest(job.status) && job.status !== 'paused') {
    job.limitFromSeconds = job.elapsedSeconds;
    job.crashes = 0;
  }
  job.lease = null;
  job.status = to;
  job.notBefore = notBefore;
}

type Rows = Awaited<ReturnType<typeof everything>>;

/** What must be true of the rows at all times, and that they stand where the model stands. */
export function expectSound(rows: Rows, model: readonly ModelJob[]): void {
  const jobs = rows.jobs as JobRow[];
  expect(jobs.map(({ id }) => id)).toEqual(model.map(({ id }) => id));
  for (const [index, job] of jobs.entries()) {
    expectAsModel(job, model[index]!);
    expectPlaceInQueue(job, ofJob(rows.queue as QueueRow[], job.id));
    expectRuns(job, ofJob(rows.runs as RunRow[], job.id), model[index]!.runs);
    expect(replay(ofJob(rows.events as EventRow[], job.id))).toBe(job.status);
  }
}

function ofJob<Row extends { job_id: number }>(rows: Row[], id: number): Row[] {
  return rows.filter((row) => row.job_id === id);
}

function expectAsModel(job: JobRow, model: ModelJob): void {
  expect(job).toMatchObject({
    status: model.status,
    lease_token: model.lease,
    crash_count: model.crashes,
    elapsed_seconds: model.elapsedSeconds,
    limit_from_seconds: model.limitFromSeconds,
  });
  const ended = ['completed', 'failed', 'cancelled'].includes(job.status);
  expect(job.completed_at !== null).toBe(ended);
}

function expectPlaceInQueue({ status }: JobRow, queue: QueueRow[]): void {
  expect(queue.length).toBe(isAtRest(status) ? 0 : 1);
  for (const { started_at } of queue) expect(started_at === null).toBe(status === 'pending');
}

/** The lease, its end, its holder and its run are known exactly while somebody works. */
function expectRuns(job: JobRow, runs: RunRow[], count: number): void {
  expect(runs.map(({ number }) => number)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  const { lease_token, lease_until, lease_node, current_run_id } = job;
  const lease = [lease_token, lease_until, lease_node, current_run_id];
  expect(lease.map((value) => value !== null)).toEqual(lease.map(() => job.status === 'processing'));
  if (job.status !== 'processing') return;
  expect(runs.at(-1)).toMatchObject({ id: current_run_id, lease_token });
}

/** The state to which the events lead, each from the state in which the one before it ended. */
function replay(events: EventRow[]): JobStatus | null {
  let status: JobStatus | null = null;
  for (const { type, from_status, to_status, actor, reason } of events) {
    expect(from_status).toBe(status);
    if (status === null) expect(type).toBe('submitted');
    else expect(canTransition(status, to_status!)).toBe(true);
    expect(actor).not.toBe('');
    if (status !== null) expect(reason).toEqual(expect.any(String));
    status = to_status;
  }
  return status;
}
