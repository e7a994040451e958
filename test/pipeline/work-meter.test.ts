import { describe, expect, test } from 'vitest';
import { expectedSpeed } from '../../src/pipeline/expected-speed.ts';
import { WorkMeter } from '../../src/pipeline/work-meter.ts';

/** Confirmed by so many runs that its own measurement needs 80 s to count as much. */
const LEARNED = { factor: 0.2, weight: 1e9 };
const GUESS = { factor: 0.2, weight: 0 };
/** The text is written in a fifth of a second. */
const FINISH = 0.2;

/** So many chunks of 20 s. */
const chunks = (count: number) => Array.from({ length: count }, (_, number) => ({ number, seconds: 20 }));

function meter() {
  let now = 1_000_000;
  const work = new WorkMeter(() => now);
  return {
    work,
    later: (ms: number) => {
      now += ms;
    },
  };
}

test('nothing is known before the length is, and nothing before the speed is', () => {
  const { work } = meter();
  expect(work.secondsLeft).toBeUndefined();
  work.ahead(600);
  expect(work.secondsLeft).toBeUndefined();
  work.expect(LEARNED, 2);
  expect(work.secondsLeft).toBeCloseTo(120 + FINISH);
  expect(work.speed).toBeUndefined();
});

test('the first estimate is there before the first chunk, with what the last chunk costs the other engine workers', () => {
  const { work } = meter();
  work.expect(LEARNED, 2);
  work.ahead(620, chunks(31));
  // 16 chunks of one engine worker, 15 of the other, 8 s each.
  expect(work.secondsLeft).toBeCloseTo(16 * 8 + FINISH);
});

describe('the speed', () => {
  test('is that of the chunks, times the engine workers, whatever is in flight', () => {
    const { work, later } = meter();
    work.expect(GUESS, 2);
    work.ahead(600, chunks(30));
    work.began(0);
    work.began(1);
    later(8_000);
    work.done(0, 8_000);
    expect(work.speed).toBeCloseTo(5);
    later(100_000);
    expect(work.speed).toBeCloseTo(5);
  });

  test('of one chunk is that of one engine worker', () => {
    const { work } = meter();
    work.expect(GUESS, 4);
    work.ahead(20, chunks(1));
    expect(work.secondsLeft).toBeCloseTo(20 * 0.8 + FINISH);
    work.began(0);
    work.done(0, 10_000);
    expect(work.speed).toBeCloseTo(2);
  });
});

describe('what is left', () => {
  test('shrinks while a chunk is in work, but not below what the others take', () => {
    const { work, later } = meter();
    work.expect(LEARNED, 1);
    work.ahead(40, chunks(2));
    work.began(0);
    expect(work.secondsLeft).toBeCloseTo(8 + FINISH);
    later(3_000);
    expect(work.secondsLeft).toBeCloseTo(5 + FINISH);
    later(60_000);
    expect(work.secondsLeft).toBeCloseTo(4 + FINISH);
  });

  test('of the last chunk is what it still takes, though the others have nothing to do', () => {
    const { work, later } = meter();
    work.expect(LEARNED, 2);
    work.ahead(40, chunks(2));
    work.began(0);
    later(1_000);
    work.began(1);
    later(7_000);
    work.done(0, 8_000);
    expect(work.secondsLeft).toBeCloseTo(1 + FINISH);
  });

  test('is whole again for a chunk that failed', () => {
    const { work, later } = meter();
    work.expect(LEARNED, 1);
    work.ahead(40, chunks(2));
    work.began(0);
    later(3_000);
    work.failed(0);
    expect(work.secondsLeft).toBeCloseTo(8 + FINISH);
  });

  test('is nothing but the text when all chunks are done', () => {
    const { work } = meter();
    work.expect(GUESS, 2);
    work.ahead(40, chunks(2));
    work.began(0);
    work.began(1);
    work.done(0, 9_000);
    work.done(1, 9_000);
    expect(work.secondsLeft).toBeCloseTo(FINISH);
  });
});

describe('the speed to expect', () => {
  const engine = { seedRealtimeFactor: (_: string, processes = 1) => 0.6 / processes };
  const order = (outlook?: object) => ({
    processes: 2,
    known: { stages: [], artifacts: [], ...(outlook ? { outlook } : {}) },
  });
  const learned = {
    speeds: [{ model: 'tiny', factor: 0.1, weight: 3 }],
    load: { cores: 2, perWorker: 1, beside: [2] },
  };

  test('is a guess where nobody knows anything', () => {
    expect(expectedSpeed(order() as never, engine, 'tiny')).toEqual({ factor: 0.3, weight: 0 });
  });

  test('is what was learned for the model', () => {
    expect(expectedSpeed(order(learned) as never, engine, 'tiny')).toEqual({ factor: 0.1, weight: 3 });
  });

  test('takes into account that fewer engine workers fit than were ordered', () => {
    expect(expectedSpeed(order(learned) as never, engine, 'tiny', 1)).toEqual({ factor: 0.2, weight: 3 });
  });

  test('of a model without a run is the guess', () => {
    expect(expectedSpeed(order(learned) as never, engine, 'base')).toEqual({ factor: 0.3, weight: 0 });
  });
});

describe('jobs beside this one', () => {
  test('make the rest take longer, and what was measured beside them is taken as it would have been alone', () => {
    const { work, later } = meter();
    work.share({ cores: 1, perWorker: 1, beside: [2] });
    work.expect(LEARNED, 1);
    work.ahead(100, chunks(5));
    expect(work.secondsLeft).toBeCloseTo(2 * 20 + FINISH);
    work.began(0);
    later(8_000);
    work.done(0, 8_000);
    expect(work.secondsLeft).toBeCloseTo(2 * 16 + FINISH);
    expect(work.speed).toBeCloseTo(20 / 8);
    work.beside([]);
    expect(work.secondsLeft).toBeCloseTo(16 + FINISH);
  });

  test('that end in the middle of a chunk count for the part that they were there', () => {
    const { work, later } = meter();
    work.share({ cores: 1, perWorker: 1, beside: [1] });
    work.expect(GUESS, 1);
    work.ahead(40, chunks(2));
    work.began(0);
    later(4_000);
    work.beside([]);
    later(2_000);
    // 2 s of it are behind it, and 2 s more.
    expect(work.secondsLeft).toBeCloseTo(4 + FINISH);
    work.done(0, 6_000);
    expect(work.secondsLeft).toBeCloseTo(4 + FINISH);
  });

  test('take less from the last chunk, when the other engine worker has nothing to do any more', () => {
    const { work } = meter();
    work.share({ cores: 2, perWorker: 1, beside: [2] });
    work.expect({ factor: 0.1, weight: 1e9 }, 2);
    work.ahead(60, chunks(3));
    // 4 s of work each: two at once on this job's core, then one alone on it.
    expect(work.secondsLeft).toBeCloseTo(8 + 4 + FINISH);
  });
});
