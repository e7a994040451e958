import type { Insertable, Kysely } from 'kysely';
import type { Pauser } from '../domain/job.ts';
import { compiled } from './compiled.ts';
import { appendEvent } from './events.ts';
import { literal, PROCESSING } from './literal.ts';
import { inParts } from './parts.ts';
import { markQueueStarted } from './queue-rows.ts';
import type { Database, JobRow, QueueRow, RunRow, RunsTable } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

export interface Claim {
  /** New and random for this claim; the fence of everything that follows. */
  leaseToken: string;
  /** Until when the claim holds without a heartbeat. */
  leaseUntil: number;
  /** Which machine claims. */
  node: string;
  /** Random; every process of the run will carry it in its environment. */
  runToken: string;
  /** Only these jobs. An empty list claims nothing. */
  only?: readonly number[];
  /** Jobs that this one goes before although they come first, because they do not fit into memory. */
  passed?: readonly number[];
  /** The name of the machine, for what the run teaches about its speed. */
  machine?: string;
  actor?: string;
}

export interface Claimed {
  job: JobRow;
  run: RunRow;
}

/**
 * Takes the next waiting job: the highest priority first, then by place, which is the oldest first. The job, its place in the queue, the run
 * and the event are one transaction, so that no job is given to two and none is taken without a trace.
 * @returns the job and its new run, or undefined when nothing waits
 */
export async function claimNext(store: Store, claim: Claim): Promise<Claimed | undefined> {
  return await inTransaction(store, async (trx) => {
    const now = store.clock.now();
    const picked = await pickNext(store, trx, now, claim.only);
    if (!picked) return undefined;
    const run = await insertRun(trx, picked, claim, now);
    const { rows } = await updateClaimed(trx, {
      job: picked.job_id,
      started: picked.started_at ?? now,
      now,
      leaseToken: claim.leaseToken,
      leaseUntil: claim.leaseUntil,
      node: claim.node,
      run: run.id,
    });
    const job = rows[0];
    if (!job) throw new Error(`Job ${picked.job_id} was taken while it was claimed.`);
    await markQueueStarted(trx, job.id, now);
    if (claim.passed) await countPassed(trx, claim.passed);
    await appendEvent(store, trx, {
      jobId: job.id,
      at: now,
      type: 'claimed',
      fromStatus: 'pending',
      toStatus: 'processing',
      actor: claim.actor ?? claim.node,
      reason: `Run ${run.number}`,
      data: { run: run.id, node: claim.node },
    });
    return { job, run };
  });
}

interface ClaimedJob {
  job: number;
  started: number;
  now: number;
  leaseToken: string;
  leaseUntil: number;
  node: string;
  run: number;
}

const updateClaimed = compiled((db, { job, started, now, leaseToken, leaseUntil, node, run }: ClaimedJob) =>
  db
    .updateTable('transcription_jobs')
    .set({
      status: 'processing',
      started_at: started,
      updated_at: now,
      last_heartbeat: now,
      lease_token: leaseToken,
      lease_until: leaseUntil,
      lease_node: node,
      current_run_id: run,
    })
    .where('id', '=', job)
    .where('status', '=', literal('pending'))
    .returningAll(),
);

type Picked = Awaited<ReturnType<typeof pick>>;

/** How a query treats rows that another transaction is just changing; SQLite has one writer at a time. */
type Held = 'skipped' | 'waited for' | 'none';

/**
 * On PostgreSQL claimers pass over jobs that others are just taking, instead of queueing up behind them. When all that
 * wait are held, they are waited for: whoever holds one may not take it after all, and then it would wait for nobody.
 */
async function pickNext(store: Store, trx: Trx, now: number, only?: readonly number[]): Promise<Picked> {
  if (store.dialect === 'sqlite') return await pickHead(trx, now, 'none', only);
  return (await pickHead(trx, now, 'skipped', only)) ?? (await pickHead(trx, now, 'waited for', only));
}

/** A long list of ids is asked for in parts; the best of the parts' heads is the head. */
async function pickHead(trx: Trx, now: number, held: Held, only?: readonly number[]): Promise<Picked> {
  if (!only) return await pick(trx, now, held);
  let best: Picked;
  for (const part of inParts(only)) {
    const head = await pick(trx, now, held, part);
    if (head && (!best || goesBefore(head, best))) best = head;
  }
  return best;
}

function goesBefore(a: NonNullable<Picked>, b: NonNullable<Picked>): boolean {
  return b.priority - a.priority < 0 || (a.priority === b.priority && (a.place - b.place || a.id - b.id) < 0);
}

async function pick(trx: Trx, now: number, held: Held, only?: readonly number[]) {
  const { rows } = await PICKS[held](trx, { now, only });
  return rows[0];
}

interface Wanted {
  now: number;
  only?: readonly number[] | undefined;
}

function headFor(db: Kysely<Database>, { now, only }: Wanted) {
  let query = db
    .selectFrom('transcription_queue as q')
    // A cross join, because SQLite keeps its order: the queue, which is sorted, leads.
    .crossJoin('transcription_jobs as j')
    .whereRef('j.id', '=', 'q.job_id')
    .select(['q.id', 'q.job_id', 'q.priority', 'q.place', 'j.started_at'])
    .select(['j.engine', 'j.model', 'j.language', 'j.processes', 'j.workers', 'j.parameters'])
    .where('q.started_at', 'is', null)
    .where('q.not_before', '<=', now)
    .where('j.status', '=', literal('pending'));
  if (only) query = query.where('q.job_id', 'in', only);
  return query.orderBy('q.priority', 'desc').orderBy('q.place').orderBy('q.id').limit(literal(1));
}

const PICKS = {
  none: compiled(headFor),
  'waited for': compiled((db, wanted: Wanted) => headFor(db, wanted).forUpdate('j')),
  skipped: compiled((db, wanted: Wanted) => headFor(db, wanted).forUpdate('j').skipLocked()),
} satisfies Record<Held, unknown>;

async function insertRun(trx: Trx, job: NonNullable<Picked>, claim: Claim, now: number): Promise<RunRow> {
  const { engine, model, language, processes, workers, parameters } = job;
  const { rows } = await insertNextRun(trx, {
    job_id: job.job_id,
    lease_token: claim.leaseToken,
    token: claim.runToken,
    ...{ engine, model, language, processes, workers, parameters },
    started_at: now,
    machine: claim.machine ?? null,
  });
  return rows[0] as RunRow;
}

const insertNextRun = compiled((db, run: Omit<Insertable<RunsTable>, 'number'>) =>
  db
    .insertInto('runs')
    .values(({ selectFrom, fn, lit, eb }) => ({
      ...run,
      number: selectFrom('runs')
        .where('job_id', '=', run.job_id)
        .select(eb(fn.coalesce(fn.max('number'), lit(0)), '+', lit(1)).as('next')),
    }))
    .returningAll(),
);

async function countPassed(trx: Trx, jobIds: readonly number[]): Promise<void> {
  for (const part of inParts(jobIds)) {
    await trx
      .updateTable('transcription_queue')
      .set((eb) => ({ passed_over: eb('passed_over', '+', 1) }))
      .where('job_id', 'in', part)
      .where('started_at', 'is', null)
      .execute();
  }
}

/** A job that could be started, with what tells how much memory it needs. */
export type Candidate = Pick<
  JobRow,
  'id' | 'engine' | 'model' | 'language' | 'processes' | 'parameters' | 'smaller_model'
> &
  Pick<QueueRow, 'passed_over' | 'priority' | 'place'>;

/**
 * The first jobs that could be started now, in the order in which they would be.
 * @param only of these alone
 */
export async function candidates(
  store: Store,
  { limit, only }: { limit: number; only?: readonly number[] },
): Promise<Candidate[]> {
  if (!only) return await headOfQueue(store, limit);
  const heads: Candidate[] = [];
  for (const part of inParts(only)) heads.push(...(await headOfQueue(store, limit, part)));
  return heads.sort((a, b) => b.priority - a.priority || a.place - b.place || a.id - b.id).slice(0, limit);
}

async function headOfQueue(store: Store, limit: number, only?: readonly number[]): Promise<Candidate[]> {
  const { rows } = await selectHeads(store.db, { now: store.clock.now(), only }, limit);
  return rows;
}

const selectHeads = compiled((db, { now, only }: Wanted, limit: number) => {
  let query = db
    .selectFrom('transcription_queue as q')
    .crossJoin('transcription_jobs as j')
    .whereRef('j.id', '=', 'q.job_id')
    .select(['j.id', 'j.engine', 'j.model', 'j.language', 'j.processes', 'j.parameters', 'j.smaller_model'])
    .select(['q.passed_over', 'q.priority', 'q.place'])
    .where('q.started_at', 'is', null)
    .where('q.not_before', '<=', now)
    .where('j.status', '=', literal('pending'));
  if (only) query = query.where('q.job_id', 'in', only);
  return query.orderBy('q.priority', 'desc').orderBy('q.place').orderBy('q.id').limit(literal(limit));
});

/** A job that waits, and how many go before it: 1 is next. */
export type Waiting = Pick<QueueRow, 'job_id' | 'priority' | 'created_at' | 'not_before'> & { position: number };

/** The queue in the order in which it will be claimed. */
export async function waiting(store: Store, { limit = 1000 }: { limit?: number } = {}): Promise<Waiting[]> {
  const rows = await store.db
    .selectFrom('transcription_queue')
    .select(['job_id', 'priority', 'created_at', 'not_before'])
    .where('started_at', 'is', null)
    .orderBy('priority', 'desc')
    .orderBy('place')
    .orderBy('id')
    .limit(literal(limit))
    .execute();
  return rows.map((row, index) => ({ ...row, position: index + 1 }));
}

/** Jobs in `retrying` whose backoff is over, the longest over first. */
export async function dueRetries(store: Store): Promise<number[]> {
  const rows = await store.db
    .selectFrom('transcription_queue as q')
    .crossJoin('transcription_jobs as j')
    .whereRef('j.id', '=', 'q.job_id')
    .select('q.job_id')
    .where('q.started_at', 'is not', null)
    .where('q.not_before', '<=', store.clock.now())
    .where('j.status', '=', literal('retrying'))
    .orderBy('q.not_before')
    .orderBy('q.id')
    .execute();
  return rows.map((row) => row.job_id);
}

/** Jobs that were paused by something else than a person, who alone may say when they go on. */
export async function pausedBy(store: Store, pauser: Exclude<Pauser, 'user'>): Promise<number[]> {
  const rows = await store.db
    .selectFrom('transcription_jobs')
    .select('id')
    .where('status', '=', literal('paused'))
    .where('status', '<>', PROCESSING)
    .where('paused_by', '=', pauser)
    .execute();
  return rows.map((row) => row.id);
}
