import { expect, test } from 'vitest';
import { SharedWork, WorkEndedError } from '../../src/jobs/shared-work.ts';
import { HandClock } from '../support/hand-clock.ts';

const LINGER_MS = 1_000;

/** Work that ends when the test says so, and knows what became of it. */
function pieceOfWork() {
  const state = { begun: 0, ended: 0, aborted: false };
  let finish: (value: string) => void = () => undefined;
  const work = (signal: AbortSignal) => {
    state.begun += 1;
    return new Promise<string>((resolve, reject) => {
      finish = resolve;
      signal.addEventListener('abort', () => {
        state.aborted = true;
        reject(signal.reason);
      });
    }).finally(() => {
      state.ended += 1;
    });
  };
  return { state, work, finish: (value: string) => finish(value) };
}

function shared(atOnce = 9) {
  const clock = new HandClock();
  return { clock, all: new SharedWork({ clock, lingerMs: LINGER_MS, atOnce }) };
}

const stays = () => new AbortController();

test('is done once, and one who goes away ends nothing for the others', async () => {
  const { clock, all } = shared();
  const { state, work, finish } = pieceOfWork();
  const leaving = stays();
  const first = all.run('1/copy', leaving.signal, work);
  const second = all.run('1/copy', stays().signal, work);
  leaving.abort(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  await clock.advance(10 * LINGER_MS);
  expect(state).toEqual({ begun: 1, ended: 0, aborted: false });
  finish('made');
  expect(await second).toBe('made');
});

test('goes on for a while without anybody, and is ended then', async () => {
  const { clock, all } = shared();
  const { state, work, finish } = pieceOfWork();
  for (let visit = 0; visit < 2; visit += 1) {
    const leaving = stays();
    const waiting = all.run('1/copy', leaving.signal, work);
    leaving.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await clock.advance(LINGER_MS - 1);
    expect(state).toEqual({ begun: 1, ended: 0, aborted: false });
  }
  await clock.advance(1);
  expect(state).toEqual({ begun: 1, ended: 1, aborted: true });
  // Whoever comes later begins anew.
  const anew = all.run('1/copy', stays().signal, work);
  finish('made');
  expect(await anew).toBe('made');
  expect(state.begun).toBe(2);
});

test('a failure is told to all who wait, and is not kept', async () => {
  const { all } = shared();
  const fails = () => Promise.reject(new Error('no sound'));
  const both = [all.run('1/copy', stays().signal, fails), all.run('1/copy', stays().signal, fails)];
  for (const each of both) await expect(each).rejects.toThrow('no sound');
  expect(await all.run('1/copy', stays().signal, async () => 'made')).toBe('made');
});

test('no more are done at once than may be; the others take their places', async () => {
  const { all } = shared(1);
  const [one, two] = [pieceOfWork(), pieceOfWork()];
  const first = all.run('1/copy', stays().signal, one.work);
  const second = all.run('2/copy', stays().signal, two.work);
  expect([one.state.begun, two.state.begun]).toEqual([1, 0]);
  one.finish('one');
  expect(await first).toBe('one');
  two.finish('two');
  expect(await second).toBe('two');
  expect(await all.run('3/copy', stays().signal, async () => 'three')).toBe('three');
});

test('the end of a job ends what is its own alone; the end of all ends all, for good', async () => {
  const { all } = shared();
  const [one, eleven] = [pieceOfWork(), pieceOfWork()];
  const first = all.run('1/copy', stays().signal, one.work);
  const other = all.run('11/copy', stays().signal, eleven.work);
  const ended = expect(first).rejects.toThrow(WorkEndedError);
  await all.end('1/');
  expect([one.state.ended, eleven.state.ended]).toEqual([1, 0]);
  await ended;
  const endedToo = expect(other).rejects.toThrow(WorkEndedError);
  await all.close();
  expect(eleven.state.ended).toBe(1);
  await endedToo;
  await expect(all.run('2/copy', stays().signal, async () => 'made')).rejects.toThrow(WorkEndedError);
});
