import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { keyBySha256 } from '../../src/store/api-keys.ts';
import { newestEvents } from '../../src/store/event-trail.ts';
import { eventBounds, eventsBetween } from '../../src/store/events.ts';
import { jobCounts } from '../../src/store/health.ts';
import { importJob } from '../../src/store/import-job.ts';
import { idsOfStatus } from '../../src/store/job-ids.ts';
import { type JobFilter, type JobSort, listPage } from '../../src/store/job-list.ts';
import { jobStandings } from '../../src/store/job-standings.ts';
import { jobStates } from '../../src/store/job-states.ts';
import {
  explainRefusal,
  forgiveCrashes,
  getActiveJobs,
  getOrphanedJobs,
  transition,
  updateHeartbeat,
} from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { jobsOfPages } from '../../src/store/page-leave.ts';
import { placeJob } from '../../src/store/places.ts';
import { positionOf } from '../../src/store/positions.ts';
import { setPriority } from '../../src/store/priority.ts';
import { candidates, dueRetries, pausedBy, waiting } from '../../src/store/queue.ts';
import {
  countWaiting,
  headOfQueue,
  jobsAtWork,
  jobsToGoOn,
  jobsToRetry,
  waitingAmong,
  waitingInSum,
} from '../../src/store/queue-outlook.ts';
import { queuePause } from '../../src/store/queue-state.ts';
import { removeJob, wereDeleted } from '../../src/store/remove-job.ts';
import { endRun, latestRun, runsByToken, unendedRuns } from '../../src/store/runs.ts';
import { sessionBySha256 } from '../../src/store/sessions.ts';
import { measuredModels, measuredRuns, runTimes } from '../../src/store/speeds.ts';
import { queueJob, unqueuedJobs } from '../../src/store/unqueued.ts';
import { addUsage, listUsage, thinUsage } from '../../src/store/usage.ts';
import { type Store, withQueryLog } from './query-log.ts';
import { claim, submit, temporaryFolder, testClock } from './support.ts';

/** Partial indexes hold only the few rows in question, so that reading one from end to end is what it is for. */
const ALLOWED_SCANS = /^SCAN \S+ USING (COVERING )?INDEX idx_(jobs_active|queue_waiting|queue_started|runs_unended)$/;
/** Whoever counts all jobs goes through all of an index, but through no job. */
const COUNTING_SCAN = /^SCAN transcription_jobs USING COVERING INDEX idx_jobs_status_created$/;
/** The samples of one run, which the query before it has found by their key. */
const THINNING_SCAN = /^SCAN (counted|\(subquery-\d+\))$/;
/** It has a row for each table. */
const NUMBERS_SCAN = /^SCAN sqlite_sequence$/;
/** A page is read in the index's order and stops at its limit. */
const LISTED_SCAN = /^SCAN transcription_jobs USING (COVERING )?INDEX idx_jobs_(created|filename|length)$/;

/** What these sort is few: the jobs that were named, the jobs in work. */
const MAY_SORT = [
  'claimNext of named jobs',
  // Those of each job come in order; together they are what one client missed.
  'eventsBetween of jobs',
  'getOrphanedJobs',
  'jobsAtWork',
  'listPage of those in work',
  'waitingAmong',
  // Summed up by engine, model, engine workers and threads; asked now and then.
  'waitingInSum',
];

const SAMPLE = { at: 1, elapsedSeconds: 1, cpuPercent: 1, memoryBytes: 1, progress: 1 };

/** A page behind a mark. */
const page = (store: Store, sort: JobSort, filter: JobFilter = {}) =>
  listPage(store, filter, { sort, limit: 50, mark: { status: 'pending', key: 1, id: 1 } });

const QUERIES: Record<string, (store: Store) => Promise<unknown>> = {
  claimNext: (store) => claim(store),
  'claimNext of named jobs': (store) => claim(store, [1, 2]),
  getActiveJobs,
  getOrphanedJobs: (store) => getOrphanedJobs(store),
  updateHeartbeat: (store) => updateHeartbeat(store, 1, { leaseToken: 'x', leaseUntil: 1 }),
  waiting: (store) => waiting(store),
  dueRetries,
  positionOf: (store) => positionOf(store, 1),
  setPriority: (store) => setPriority(store, 1, 5, { actor: 'user' }),
  'placeJob before another': async (store) => {
    const other = await submit(store);
    await placeJob(store, other, { before: 1 }, { actor: 'user' });
  },
  newestEvents: (store) => newestEvents(store, { since: 1, limit: 10 }),
  'newestEvents of a job': (store) => newestEvents(store, { jobId: 1, limit: 10 }),
  eventBounds,
  eventsBetween: (store) => eventsBetween(store, { after: 1, upTo: 9, limit: 10 }),
  'eventsBetween of jobs': (store) => eventsBetween(store, { after: 1, upTo: 9, jobIds: [1, 2], limit: 10 }),
  jobStandings: (store) => jobStandings(store, [1, 2]),
  jobsOfPages,
  removeJob: (store) => removeJob(store, 1, { actor: 'user' }),
  wereDeleted: (store) => wereDeleted(store, [1, 2]),
  idsOfStatus: (store) => idsOfStatus(store, 'failed'),
  candidates: (store) => candidates(store, { limit: 50 }),
  pausedBy: (store) => pausedBy(store, 'queue'),
  queuePause,
  headOfQueue: (store) => headOfQueue(store, 50),
  waitingAmong: (store) => waitingAmong(store, [1, 2]),
  waitingInSum,
  countWaiting,
  unqueuedJobs: (store) => unqueuedJobs(store),
  queueJob: (store) => queueJob(store, 1, { actor: 'supervisor', reason: 'Missing' }),
  jobsAtWork,
  jobsToRetry: (store) => jobsToRetry(store, 50),
  jobsToGoOn: (store) => jobsToGoOn(store, 50),
  measuredRuns: (store) => measuredRuns(store, { machine: 'a', engine: 'b', model: 'c' }, { limit: 60 }),
  measuredModels: (store) => measuredModels(store, { machine: 'a', engine: 'b' }),
  runTimes: (store) => runTimes(store, 'a', { from: 1, to: 99, limit: 99 }),
  endRun: (store) => endRun(store, 1, { outcome: 'completed' }),
  unendedRuns,
  runsByToken: (store) => runsByToken(store, ['one', 'another']),
  latestRun: (store) => latestRun(store, 1),
  jobStates: (store) => jobStates(store, [1, 2]),
  addUsage: (store) => addUsage(store, 1, SAMPLE),
  thinUsage: (store) => thinUsage(store, 1),
  listUsage: (store) => listUsage(store, 1),
  jobCounts,
  importJob: (store) =>
    importJob(store, {
      ...{ importedFrom: 'x', formerId: 9, stages: {}, reason: 'because', data: null },
      row: { filename: 'a', status: 'failed', created_at: 1, updated_at: 1 },
    }),
  forgiveCrashes: (store) => forgiveCrashes(store, 1),
  transition: (store) => transition(store, 1, 'paused', { actor: 'user', reason: 'a rest' }),
  explainRefusal: (store) => explainRefusal(store, 1, 'completed'),
  'listPage, the first': (store) => listPage(store, {}, { sort: 'newest', limit: 50 }),
  'listPage of one state, the first': (store) => listPage(store, { status: ['failed'] }, { sort: 'newest', limit: 50 }),
  'listPage of one user, the first': (store) => listPage(store, { userId: 'ada' }, { sort: 'newest', limit: 50 }),
  'listPage of one state': (store) => page(store, 'newest', { status: ['failed'] }),
  'listPage of those in work': (store) => page(store, 'newest', { status: ['processing'] }),
  'listPage of the newest': (store) => page(store, 'newest'),
  'listPage of the oldest': (store) => page(store, 'oldest'),
  'listPage by name': (store) => page(store, 'name'),
  'listPage of the longest': (store) => page(store, 'longest'),
  'listPage of the shortest': (store) => page(store, 'shortest'),
  'listPage of two states': (store) => page(store, 'newest', { status: ['failed', 'completed'] }),
  'listPage of one user': (store) => page(store, 'newest', { userId: 'ada' }),
  'listPage of a time': (store) => page(store, 'newest', { from: 1, to: 9 }),
  'listPage with a text': (store) => page(store, 'longest', { q: 'good', language: 'en' }),
  keyBySha256: (store) => keyBySha256(store, 'ab'),
  sessionBySha256: (store) => sessionBySha256(store, 'ab'),
};

for (const [name, query] of Object.entries(QUERIES)) {
  test(`${name} reads no table from end to end and sorts nothing`, async () => {
    const file = join(temporaryFolder(), 'longhand.db');
    const store = withQueryLog(await openStore({ file, clock: testClock() }));
    onTestFinished(() => store.close());
    await submit(store);
    store.queries.length = 0;
    await query(store);
    const statements = store.queries.filter((text) => /^(select|update|insert|delete)/.test(text));
    expect(statements.length).toBeGreaterThan(0);
    const wrong = plans(file, statements).filter((detail) => isWrong(name, detail));
    expect(wrong).toEqual([]);
  });
}

test('jobs that something has paused are found without reading all that are paused', async () => {
  const file = join(temporaryFolder(), 'longhand.db');
  const store = withQueryLog(await openStore({ file, clock: testClock() }));
  onTestFinished(() => store.close());
  store.queries.length = 0;
  await pausedBy(store, 'quiet hours');
  expect(plans(file, store.queries)).toEqual([
    'SEARCH transcription_jobs USING COVERING INDEX idx_jobs_paused_by (paused_by=?)',
  ]);
});

function isWrong(name: string, detail: string): boolean {
  if (detail.startsWith('USE TEMP B-TREE')) return !MAY_SORT.includes(name);
  if (!detail.startsWith('SCAN ') || detail === 'SCAN CONSTANT ROW') return false;
  const special: Record<string, RegExp> = {
    jobCounts: COUNTING_SCAN,
    thinUsage: THINNING_SCAN,
    importJob: NUMBERS_SCAN,
  };
  if (name.startsWith('listPage') && LISTED_SCAN.test(detail)) return false;
  return !(ALLOWED_SCANS.test(detail) || special[name]?.test(detail));
}

function plans(file: string, statements: string[]): string[] {
  const database = new Database(file, { readonly: true });
  try {
    return statements.flatMap((text) => {
      const parameters = Array.from({ length: text.split('?').length - 1 }, () => 1);
      const rows = database.prepare(`explain query plan ${text}`).all(parameters) as { detail: string }[];
      return rows.map(({ detail }) => detail);
    });
  } finally {
    database.close();
  }
}
