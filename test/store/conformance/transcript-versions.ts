import { expect, test } from 'vitest';
import { recordArtifact } from '../../../src/store/artifacts.ts';
import { listEvents } from '../../../src/store/events.ts';
import { importJob } from '../../../src/store/import-job.ts';
import { listPage } from '../../../src/store/job-list.ts';
import { finishJob, getJob, setJobFacts, transition } from '../../../src/store/jobs.ts';
import { removeJob } from '../../../src/store/remove-job.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  addVersion,
  getVersion,
  keepEngineVersion,
  listVersions,
  type PersonsVersion,
} from '../../../src/store/transcript-versions.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, everything, testClock, working } from '../support.ts';

const FILE = { stage: 'transcribe', name: 'transcript', path: 'transcript.json', sha256: 'aa', bytes: 3 } as const;
const ENGINE = { author: 'whisper, model base', createdAt: 5, sha256: 'aa' };

function edit(text: string, more: Partial<PersonsVersion> = {}): PersonsVersion {
  const content = JSON.stringify({ text });
  return { author: 'ann', note: null, segmentsChanged: 1, restored: null, content, text, reason: 'Edited', ...more };
}

/** A job that is done, with what an engine heard. */
async function done(store: Store): Promise<number> {
  const { job, lease } = await working(store);
  await complete(store, job.id, lease, 'aa');
  return job.id;
}

async function complete(store: Store, id: number, lease: string, sha256: string): Promise<void> {
  await setJobFacts(store, id, { leaseToken: lease, engine: 'whisper', model: 'base' });
  await recordArtifact(store, id, lease, { ...FILE, sha256 });
  await finishJob(store, id, lease, { transcript: `heard ${sha256}`, elapsedSeconds: 1, speed: 1 });
}

/** It is done again, and the engine hears something else. */
async function again(store: Store, id: number, sha256: string): Promise<void> {
  await transition(store, id, 'pending', { from: ['completed'], actor: 'user', reason: 'again' });
  const claimed = await claim(store, [id]);
  await complete(store, id, claimed?.job.lease_token as string, sha256);
}

const numbersOf = async (store: Store, id: number) =>
  (await listVersions(store, id)).map(({ number, kind, author, sha256 }) => [number, kind, author, sha256]);

export function transcriptVersionTests(open: OpenEmpty): void {
  test('the first edit makes a version of what the engine heard and one of its own, and jobs are found by it', async () => {
    const clock = testClock();
    const store = await open(clock);
    const id = await done(store);
    expect(await listVersions(store, id)).toEqual([]);
    clock.advance(10);
    const version = edit('corrected', { note: 'names', segmentsChanged: 3 });
    expect(await addVersion(store, id, { number: 1, engine: ENGINE }, version)).toEqual({ won: true, newest: 2 });
    expect(await getVersion(store, id, 1)).toMatchObject({
      ...{ kind: 'engine', created_at: 5, sha256: 'aa', content: null },
    });
    expect(await getVersion(store, id, 2)).toEqual({
      ...{ job_id: id, number: 2, kind: 'person', author: 'ann', created_at: clock.now(), note: 'names' },
      ...{ segments_changed: 3, restored: null, sha256: null, content: '{"text":"corrected"}' },
    });
    expect(await getVersion(store, id, 3)).toBeUndefined();
    expect(await getJob(store, id)).toMatchObject({ transcript: 'corrected', status: 'completed' });
    const found = async (q: string) => (await listPage(store, { q }, { sort: 'newest', limit: 5 })).jobs.length;
    expect([await found('corrected'), await found('heard')]).toEqual([1, 0]);
    expect((await listEvents(store, { jobId: id })).at(-1)).toMatchObject({
      type: 'edited',
      actor: 'ann',
      reason: 'Edited',
    });
    expect(JSON.parse((await listEvents(store, { jobId: id })).at(-1)?.data ?? '')).toMatchObject({
      ...{ what: 'transcript', version: 2, base: 1, segmentsChanged: 3 },
    });
  });

  test('of two who change the same version one wins, and the other changes nothing', async () => {
    const store = await open(testClock());
    const id = await done(store);
    const both = ['one', 'two'].map((text) => addVersion(store, id, { number: 1, engine: ENGINE }, edit(text)));
    const answers = await Promise.all(both);
    expect(answers.map((answer) => answer?.won).sort()).toEqual([false, true]);
    expect(answers.map((answer) => answer?.newest)).toEqual([2, 2]);
    const more = ['three', 'four', 'five'].map((text) => addVersion(store, id, { number: 2 }, edit(text)));
    expect((await Promise.all(more)).filter((answer) => answer?.won)).toHaveLength(1);
    const before = await everything(store);
    expect(await addVersion(store, id, { number: 2 }, edit('late'))).toEqual({ won: false, newest: 3 });
    expect(await addVersion(store, id, { number: 1, engine: ENGINE }, edit('late'))).toEqual({ won: false, newest: 3 });
    expect(await addVersion(store, 999, { number: 1 }, edit('nowhere'))).toBeUndefined();
    expect(await everything(store)).toEqual(before);
  });

  test('what was made from a file that is another one by now is not added', async () => {
    const store = await open(testClock());
    const id = await done(store);
    const engine = { ...ENGINE, sha256: 'old' };
    expect(await addVersion(store, id, { number: 1, engine }, edit('x'))).toEqual({ won: false, newest: 1 });
    expect(await listVersions(store, id)).toEqual([]);
  });

  test('an engine that hears again adds a version on top, and nothing is lost', async () => {
    const store = await open(testClock());
    const id = await done(store);
    await addVersion(store, id, { number: 1, engine: ENGINE }, edit('corrected'));
    await keepEngineVersion(store, id, { ...ENGINE, content: '"heard"' });
    await again(store, id, 'bb');
    expect(await numbersOf(store, id)).toEqual([
      [1, 'engine', 'whisper, model base', 'aa'],
      [2, 'person', 'ann', null],
      [3, 'engine', 'whisper, model base', 'bb'],
    ]);
    expect((await getVersion(store, id, 1))?.content).toBe('"heard"');
    expect((await getVersion(store, id, 3))?.content).toBeNull();
    expect(await getJob(store, id)).toMatchObject({ transcript: 'heard bb' });
    const before = await everything(store);
    await keepEngineVersion(store, id, { ...ENGINE, content: '"another"' });
    expect(await everything(store)).toEqual(before);
    await keepEngineVersion(store, id, { ...ENGINE, sha256: 'bb', content: '"again"' });
    expect((await getVersion(store, id, 3))?.content).toBe('"again"');
  });

  test('what nobody has changed is kept as version 1 when it is asked for again; without that there are no versions', async () => {
    const store = await open(testClock());
    const [kept, other] = [await done(store), await done(store)];
    await keepEngineVersion(store, kept, { ...ENGINE, content: '"heard"' });
    await again(store, kept, 'bb');
    await again(store, other, 'bb');
    expect((await numbersOf(store, kept)).map(([number]) => number)).toEqual([1, 2]);
    expect(await numbersOf(store, other)).toEqual([]);
  });

  test('what was imported can be changed like what was made here', async () => {
    const store = await open(testClock());
    const { id } = await importJob(store, {
      ...{ importedFrom: 'other:5', formerId: 5, reason: 'because', data: null, artifact: FILE },
      row: { filename: '5.flac', status: 'completed', created_at: 1, updated_at: 1, transcript: 'ask not' },
      stages: { transcribe: 'complete' },
    });
    expect(await addVersion(store, id, { number: 1, engine: ENGINE }, edit('ask'))).toEqual({ won: true, newest: 2 });
    expect(await getJob(store, id)).toMatchObject({ transcript: 'ask' });
  });

  test('versions go with their job', async () => {
    const store = await open(testClock());
    const id = await done(store);
    await addVersion(store, id, { number: 1, engine: ENGINE }, edit('corrected'));
    expect(await removeJob(store, id, { actor: 'user' })).toMatchObject({ status: 'completed' });
    expect((await everything(store)).versions).toEqual([]);
  });
}
