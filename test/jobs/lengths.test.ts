import { expect, it, onTestFinished } from 'vitest';
import { InputError } from '../../src/domain/errors.ts';
import { Lengths } from '../../src/jobs/lengths.ts';
import { getJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { noteDuration } from '../../src/store/sources.ts';
import { claim, submit, temporaryFolder, testClock } from '../store/support.ts';

async function here(durationOf: (path: string) => Promise<number | undefined>) {
  const clock = testClock();
  const store = await openStore({ file: `${temporaryFolder()}/longhand.db`, clock });
  onTestFinished(() => store.close());
  const problems: string[] = [];
  const found: [number, number][] = [];
  const lengths = new Lengths({
    store,
    clock,
    durationOf,
    onFound: (jobId, seconds) => found.push([jobId, seconds]),
    onProblem: (sentence) => problems.push(sentence),
  });
  const minutesOf = async (id: number) => (await getJob(store, id))?.duration_minutes;
  return { store, lengths, problems, found, minutesOf };
}

it('finds how long waiting recordings are, four at a time, and leaves those in work to their runs', async () => {
  let atOnce = 0;
  let most = 0;
  const asked: string[] = [];
  const { store, lengths, found, minutesOf } = await here(async (path) => {
    asked.push(path);
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    return 90;
  });
  const ids: number[] = [];
  for (let n = 0; n < 10; n += 1) ids.push(await submit(store));
  await claim(store, [ids[0] as number]);
  for (const id of ids) lengths.find(id, `${id}.wav`);
  await lengths.idle();
  expect(most).toBe(4);
  expect(asked).toHaveLength(9);
  expect(await minutesOf(1)).toBe(0);
  expect(await minutesOf(10)).toBe(1.5);
  expect(found).toContainEqual([10, 90]);
});

it('overwrites no length that is known, and leaves what is no recording to its run', async () => {
  const { store, lengths, problems, minutesOf } = await here(async (path) => {
    if (path === 'text') throw new InputError('It is a text file.');
    if (path === 'strange') throw new Error('Nobody knows why.');
    await noteDuration(store, 3, { minutes: 7 });
    return path === 'live' ? undefined : 60;
  });
  for (let n = 0; n < 4; n += 1) await submit(store);
  for (const [index, path] of ['text', 'strange', 'a.wav', 'live'].entries()) lengths.find(index + 1, path);
  await lengths.idle();
  expect(await Promise.all([1, 2, 3, 4].map(minutesOf))).toEqual([0, 0, 7, 0]);
  expect(problems).toEqual(['Job 2: its length was not found: Nobody knows why.']);
});

it('looks at nothing more once it is closed', async () => {
  const asked: string[] = [];
  const { store, lengths } = await here(async (path) => {
    asked.push(path);
    return 60;
  });
  const id = await submit(store);
  lengths.find(id, 'a.wav');
  await lengths.close();
  lengths.find(id, 'b.wav');
  await lengths.idle();
  expect(asked).toEqual([]);
});
