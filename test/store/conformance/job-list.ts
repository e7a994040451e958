import { expect, test } from 'vitest';
import type { JobStatus } from '../../../src/domain/job.ts';
import { JOB_SORTS, type JobFilter, type JobSort, type ListMark, listPage } from '../../../src/store/job-list.ts';
import { finishJob, transition } from '../../../src/store/jobs.ts';
import type { Store } from '../../../src/store/store.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, submit, testClock } from '../support.ts';

interface Made {
  id: number;
  status: JobStatus;
  filename: string;
  minutes: number;
  createdAt: number;
  language: string;
  text: string;
  userId: string | undefined;
}

const NAMES = [`😀${'long '.repeat(3000)}`, 'b.wav', 'a.wav', 'c%_.wav', 'ไทย.wav', "it's.wav", 'a.wav'];
const START = Date.UTC(2026, 0, 1);

/** Jobs that differ in everything that can be asked for; several share a moment, a name, a length. */
async function fill(open: OpenEmpty): Promise<{ store: Store; made: Made[] }> {
  const clock = testClock(START);
  const store = await open(clock);
  const made: Made[] = [];
  for (let n = 0; n < 30; n += 1) {
    const filename = NAMES[n % NAMES.length] as string;
    const language = n % 4 === 0 ? 'th' : 'en';
    const minutes = n % 7;
    const userId = n % 3 === 0 ? 'ada' : undefined;
    const id = await submit(store, { filename, language, durationMinutes: minutes, ...(userId ? { userId } : {}) });
    const job: Made = { id, filename, language, minutes, createdAt: clock.now(), status: 'pending', text: '', userId };
    if (n % 5 === 1) {
      const { job: row } = (await claim(store, [id])) as NonNullable<Awaited<ReturnType<typeof claim>>>;
      job.status = 'processing';
      if (n % 2 === 0) {
        job.text = `Good Morning 100% from ${n}`;
        job.status = 'completed';
        await finishJob(store, id, row.lease_token as string, { transcript: job.text, elapsedSeconds: 1, speed: 1 });
      }
    }
    if (n % 5 === 2 && (await transition(store, id, 'cancelled', { actor: 'user', reason: '' })))
      job.status = 'cancelled';
    made.push(job);
    if (n % 2 === 0) clock.advance(1000);
  }
  return { store, made };
}

/** All pages, one after the other. */
async function all(store: Store, filter: JobFilter, sort: JobSort, limit: number, most = 1000) {
  const ids: number[] = [];
  let mark: ListMark | undefined;
  for (let pages = 0; pages < 100; pages += 1) {
    const page = await listPage(store, filter, { sort, limit, mark, most });
    expect(page.jobs.length).toBeLessThanOrEqual(limit);
    ids.push(...page.jobs.map(({ id }) => id));
    if (!page.next) return ids;
    mark = page.next;
  }
  throw new Error('There is no end of pages.');
}

const FILTERS: [string, JobFilter, (job: Made) => boolean][] = [
  ['nothing', {}, () => true],
  ['one state', { status: ['pending'] }, ({ status }) => status === 'pending'],
  ['those in work', { status: ['processing'] }, ({ status }) => status === 'processing'],
  [
    'several states, one of them twice',
    { status: ['processing', 'cancelled', 'completed', 'cancelled'] },
    ({ status }) => status !== 'pending',
  ],
  ['a language', { language: 'th' }, ({ language }) => language === 'th'],
  ['a language and states', { language: 'en', status: ['pending', 'completed'] }, (job) =>
    job.language === 'en' && (job.status === 'pending' || job.status === 'completed')],
  ['a length', { minSeconds: 120, maxSeconds: 240 }, ({ minutes }) => minutes >= 2 && minutes <= 4],
  ['a time', { from: START + 3000, to: START + 9000 }, ({ createdAt }) => createdAt >= START + 3000 && createdAt < START + 9000],
  ['a user', { userId: 'ada' }, ({ userId }) => userId === 'ada'],
  ['a user and a state', { userId: 'ada', status: ['pending'] }, ({ userId, status }) => userId === 'ada' && status === 'pending'],
  ['part of a name', { q: 'ทย' }, ({ filename }) => filename === 'ไทย.wav'],
  ['what stands for anything elsewhere', { q: '%_' }, ({ filename }) => filename === 'c%_.wav'],
  ['a quote', { q: "t's" }, ({ filename }) => filename === "it's.wav"],
  ['part of a text', { q: 'good morning 100%' }, ({ text }) => text !== ''],
  ['nobody', { engine: 'none' }, () => false],
]; // biome-ignore format: a table

/** The smaller goes first. */
function rank(sort: JobSort, job: Made): (string | number)[] {
  const states = ['pending', 'processing', 'retrying', 'paused', 'completed', 'failed', 'cancelled'];
  switch (sort) {
    case 'newest':
      return [-job.createdAt, -job.id];
    case 'oldest':
      return [job.createdAt, job.id];
    case 'longest':
      return [-job.minutes, -job.id];
    case 'shortest':
      return [job.minutes, job.id];
    case 'status':
      return [states.indexOf(job.status), -job.createdAt, -job.id];
    case 'name':
      return [job.filename, job.id];
  }
}

function inOrder(made: Made[], sort: JobSort): number[] {
  return [...made]
    .sort((a, b) => {
      const [left, right] = [rank(sort, a), rank(sort, b)];
      const at = left.findIndex((value, index) => value !== right[index]);
      return at < 0 ? 0 : (left[at] as never) < (right[at] as never) ? -1 : 1;
    })
    .map(({ id }) => id);
}

export function jobListTests(open: OpenEmpty): void {
  test('each filter in each order gives each job that matches once, page by page', async () => {
    const { store, made } = await fill(open);
    expect(new Set(made.map(({ status }) => status)).size).toBeGreaterThan(3);
    for (const [name, filter, matches] of FILTERS) {
      const expected = made.filter(matches);
      if (name !== 'nobody') expect(expected.length, name).toBeGreaterThan(0);
      for (const sort of JOB_SORTS) {
        const found = await all(store, filter, sort, 4);
        const what = `${name}, ${sort}`;
        expect(await all(store, filter, sort, 4, 3), `${what}, 3 looked at`).toEqual(found);
        // How names are sorted is the database's affair, as long as the pages agree with each other.
        if (sort === 'name') expect(found, what).toEqual(await all(store, filter, sort, 1000));
        if (sort === 'name') expect([...found].sort(), what).toEqual(expected.map(({ id }) => id).sort());
        else expect(found, what).toEqual(inOrder(expected, sort));
      }
    }
  });

  test('a job that comes while somebody turns the pages moves none of them', async () => {
    const { store, made } = await fill(open);
    const first = await listPage(store, {}, { sort: 'newest', limit: 10 });
    const late = await submit(store);
    const second = await listPage(store, {}, { sort: 'newest', limit: 100, mark: first.next });
    const ids = [...first.jobs, ...second.jobs].map(({ id }) => id);
    expect(ids).toEqual(inOrder(made, 'newest'));
    expect(ids).not.toContain(late);
  });
}
