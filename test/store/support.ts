import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import { insertJob, type NewJob } from '../../src/store/jobs.ts';
import { type Claimed, claimNext } from '../../src/store/queue.ts';
import type { Store } from '../../src/store/store.ts';

/** A clock that stands still until it is told to go on. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function testClock(start = Date.UTC(2026, 0, 1)): TestClock {
  let now = start;
  return {
    now: () => now,
    monotonicMs: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    advance: (ms) => {
      now += ms;
    },
  };
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'longhand-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function submit(store: Store, job: Partial<NewJob> = {}): Promise<number> {
  return await insertJob(store, { filename: 'interview.flac', actor: 'user', ...job });
}

/** Claims the next job as a worker would, with a new lease of 30 s. */
export async function claim(store: Store, only?: number[]): Promise<Claimed | undefined> {
  return await claimNext(store, {
    leaseToken: randomUUID(),
    leaseUntil: store.clock.now() + 30_000,
    node: 'here',
    runToken: randomUUID(),
    ...(only ? { only } : {}),
  });
}

/** A job that is being worked on, with its lease. */
export async function working(store: Store, job: Partial<NewJob> = {}): Promise<Claimed & { lease: string }> {
  const id = await submit(store, job);
  const claimed = await claim(store, [id]);
  if (!claimed) throw new Error(`job ${id} could not be claimed`);
  return { ...claimed, lease: claimed.job.lease_token as string };
}

/** Every row of every table, to show that nothing changed. */
export async function everything(store: Store): Promise<Record<string, unknown[]>> {
  const { db } = store;
  return {
    jobs: await db.selectFrom('transcription_jobs').selectAll().orderBy('id').execute(),
    queue: await db.selectFrom('transcription_queue').selectAll().orderBy('id').execute(),
    runs: await db.selectFrom('runs').selectAll().orderBy('id').execute(),
    usage: await db.selectFrom('usage_samples').selectAll().orderBy('run_id').orderBy('at').execute(),
    stages: await db.selectFrom('stages').selectAll().orderBy('job_id').orderBy('name').execute(),
    chunks: await db.selectFrom('chunks').selectAll().orderBy('job_id').orderBy('number').execute(),
    artifacts: await db.selectFrom('artifacts').selectAll().orderBy('id').execute(),
    versions: await db.selectFrom('transcript_versions').selectAll().orderBy('job_id').orderBy('number').execute(),
    events: await db.selectFrom('events').selectAll().orderBy('id').execute(),
  };
}
