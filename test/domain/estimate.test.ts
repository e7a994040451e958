import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type LearnedSpeed,
  learnedFactor,
  measuredFactor,
  queueForecast,
  RECENT_RUNS,
  remainingSeconds,
  robustMean,
  type SpeedSample,
  slowdownOnCores,
  type WorkLeft,
} from '../../src/domain/estimate.ts';
import { parseQuietHours, workCalendar } from '../../src/domain/quiet-hours.ts';

const HOUR = 3600;
const run = (factor: number, audioSeconds = 10 * HOUR): SpeedSample => ({
  audioSeconds,
  workSeconds: audioSeconds * factor,
});
const runs = (count: number, factor: number) => Array.from({ length: count }, () => run(factor));

describe('the robust mean', () => {
  test('of nothing, of one, of several', () => {
    expect(robustMean([])).toBeUndefined();
    expect(robustMean([3])).toBe(3);
    expect(robustMean([1, 2])).toBe(1.5);
    expect(robustMean([1, 2, 6], [1, 1, 0])).toBe(1.5);
  });

  test('outliers do not count, and what is 4.4 deviations off is one', () => {
    // The median is 10, the median deviation 1, the reach 3 × 1.4826.
    const near = [9, 9, 10, 11, 11];
    expect(robustMean([...near, 1000])).toBe(10);
    expect(robustMean([8, 9, 10, 11, 14.4])).toBeCloseTo(10.48, 6);
    expect(robustMean([8, 9, 10, 11, 14.5])).toBe(9.5);
  });

  test('it lies among the values, and their order does not matter', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(values, (some) => {
        const mean = robustMean(some) as number;
        expect(mean).toBeGreaterThanOrEqual(Math.min(...some) - 1e-6);
        expect(mean).toBeLessThanOrEqual(Math.max(...some) + 1e-6);
        expect(robustMean([...some].reverse())).toBeCloseTo(mean, 4);
      }),
    );
  });
});

describe('the learned factor', () => {
  test('nothing measured: the guess', () => {
    expect(learnedFactor([], 0.5)).toEqual({ factor: 0.5, weight: 0 });
    expect(learnedFactor([run(0.1, 0), { audioSeconds: 60, workSeconds: 0 }], 0.5).weight).toBe(0);
  });

  test('one long run counts four times as much as the guess', () => {
    const { factor, weight } = learnedFactor([run(0.1)], 0.4);
    expect(weight).toBeCloseTo(1, 2);
    expect(Math.log(factor)).toBeCloseTo(0.8 * Math.log(0.1) + 0.2 * Math.log(0.4), 2);
  });

  test('a run of 30 s counts half', () => {
    expect(learnedFactor([run(0.1, 30)], 0.4).weight).toBeCloseTo(0.5, 6);
  });

  test('the more runs, the less the guess counts', () => {
    const errors = [1, 2, 4, 8].map((count) => learnedFactor(runs(count, 0.1), 0.4).factor / 0.1 - 1);
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    expect(errors[3]).toBeLessThan(0.07);
  });

  test('a run counts half as much as the one five runs later', () => {
    const weights = [1, 6].map((count) => learnedFactor(runs(count, 1), 1).weight);
    const steps = [0, 1, 2, 3, 4, 5].map((age) => 0.5 ** (age / 5));
    expect(weights[1]! / weights[0]!).toBeCloseTo(
      steps.reduce((sum, each) => sum + each, 0),
      6,
    );
    const late = learnedFactor([...runs(3, 0.1), ...runs(3, 0.2)], 0.15).factor;
    const early = learnedFactor([...runs(3, 0.2), ...runs(3, 0.1)], 0.15).factor;
    expect(late).toBeGreaterThan(1.1 * early);
  });

  test('one run beside a busy program changes nothing', () => {
    const usual = [0.1, 0.11, 0.09, 0.1, 0.105].map((factor) => run(factor));
    const quiet = learnedFactor(usual, 0.1).factor;
    expect(learnedFactor([...usual, run(3)], 0.1).factor / quiet).toBeCloseTo(1, 1);
  });

  test('a machine that is faster for good is believed after eight runs', () => {
    const { factor } = learnedFactor([...runs(500, 0.4), ...runs(8, 0.1)], 0.4);
    expect(factor).toBeLessThan(0.115);
    expect(learnedFactor([...runs(500, 0.4), ...runs(7, 0.1)], 0.4).factor).toBeGreaterThan(0.3);
    expect(RECENT_RUNS).toBe(15);
  });
});

describe('what is left of a job', () => {
  const confirmed: LearnedSpeed = { factor: 0.2, weight: 1e9 };
  const guessed: LearnedSpeed = { factor: 0.2, weight: 0 };

  test('before it has begun: its audio at the learned speed, and what is fixed', () => {
    expect(remainingSeconds({ audioSecondsLeft: 600, learned: confirmed, fixedSeconds: 7 })).toBeCloseTo(127, 9);
  });

  test('nothing left: what is fixed', () => {
    expect(remainingSeconds({ audioSecondsLeft: 0, learned: confirmed, fixedSeconds: 7, lanes: 2 })).toBe(7);
  });

  test('against a guess the measured speed counts as much after 5 s of audio, against experience after 85 s', () => {
    const blend = Math.sqrt(0.2 * 0.8);
    const left = { audioSecondsLeft: 1000, factorNow: 0.8 };
    expect(remainingSeconds({ ...left, learned: guessed, audioSecondsDone: 5 })).toBeCloseTo(1000 * blend, 6);
    expect(remainingSeconds({ ...left, learned: confirmed, audioSecondsDone: 85 })).toBeCloseTo(1000 * blend, 3);
    expect(remainingSeconds({ ...left, learned: { factor: 0.2, weight: 1 }, audioSecondsDone: 45 })).toBeCloseTo(
      1000 * blend,
      6,
    );
    expect(remainingSeconds({ ...left, learned: confirmed })).toBeCloseTo(200, 6);
    expect(remainingSeconds({ ...left, learned: guessed, audioSecondsDone: 1e9 })).toBeCloseTo(800, 3);
  });

  test('what was done on chunks in flight is taken off, shared among the lanes', () => {
    const left: WorkLeft = { audioSecondsLeft: 600, learned: confirmed, lanes: 2 };
    expect(remainingSeconds({ ...left, inFlightSeconds: 30 })).toBeCloseTo(105, 9);
    expect(remainingSeconds({ ...left, inFlightSeconds: 9999 })).toBe(0);
  });

  test('at the end all lanes but one wait for half a chunk', () => {
    const left: WorkLeft = { audioSecondsLeft: 600, learned: confirmed, chunkSeconds: 20 };
    // A chunk takes one of 4 lanes 4 × 0.2 × 20 s = 16 s; 3 of 4 lanes wait for half of that.
    expect(remainingSeconds({ ...left, lanes: 4 })).toBeCloseTo(120 + 6, 9);
    expect(remainingSeconds({ ...left, lanes: 1 })).toBeCloseTo(120, 9);
    expect(remainingSeconds({ ...left, lanes: 4, audioSecondsLeft: 10 })).toBeCloseTo(2 + 3, 9);
  });

  test('the speed of a run is that of its chunks, whatever is in flight', () => {
    expect(measuredFactor([], 2)).toBeUndefined();
    const chunks = [
      { audioSeconds: 20, workSeconds: 8 },
      { audioSeconds: 10, workSeconds: 4 },
    ];
    expect(measuredFactor(chunks, 1)).toBeCloseTo(0.4, 9);
    expect(measuredFactor(chunks, 2)).toBeCloseTo(0.2, 9);
  });
});

/**
 * A simulation, and no measurement: chunks vary by 15 % and whole runs by 5 %, independently, two lanes. It shows that
 * the arithmetic gets out of such numbers what is in them; how real ones vary is for a bench to say.
 */
describe('in a simulation, when a quarter of the audio is done', () => {
  const TRIALS = 40;
  const LANES = 2;
  const MINUTES = [2, 5, 12, 30, 60];

  function errorsOf(estimate: (left: WorkLeft & { learned: LearnedSpeed }) => number): number[] {
    let state = 1;
    const uniform = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const errors: number[] = [];
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const history: SpeedSample[] = [];
      for (let number = 0; number < 20; number += 1) {
        const factor = 0.1 * Math.exp(0.05 * normal());
        const chunks: SpeedSample[] = [];
        const seconds = MINUTES[number % MINUTES.length]! * 60;
        for (let audio = 0; audio < seconds; audio += chunks.at(-1)!.audioSeconds) {
          const audioSeconds = 12 + 16 * uniform();
          chunks.push({ audioSeconds, workSeconds: audioSeconds * factor * LANES * Math.exp(0.15 * normal()) });
        }
        const { left, secondsLeft } = atAQuarter(chunks);
        errors.push(estimate({ ...left, learned: learnedFactor(history, 0.2) }) / secondsLeft - 1);
        history.push({
          audioSeconds: sumOf(chunks, 'audioSeconds'),
          workSeconds: sumOf(chunks, 'workSeconds') / LANES,
        });
      }
    }
    return errors;
  }

  function atAQuarter(chunks: SpeedSample[]) {
    const free: number[] = Array(LANES).fill(0);
    const worked = chunks.map((chunk) => {
      const lane = free.indexOf(Math.min(...free));
      const begin = free[lane]!;
      free[lane] = begin + chunk.workSeconds;
      return { ...chunk, begin, end: free[lane]! };
    });
    const total = sumOf(chunks, 'audioSeconds');
    const byEnd = [...worked].sort((a, b) => a.end - b.end);
    let audioSecondsDone = 0;
    const done = byEnd.filter(({ audioSeconds }) => {
      if (audioSecondsDone >= total / 4) return false;
      audioSecondsDone += audioSeconds;
      return true;
    });
    const now = done.at(-1)!.end;
    const inFlight = worked.filter(({ begin, end }) => begin <= now && end > now);
    const left = {
      audioSecondsLeft: total - audioSecondsDone,
      audioSecondsDone,
      factorNow: measuredFactor(done, LANES),
      lanes: LANES,
      chunkSeconds: total / chunks.length,
      inFlightSeconds: inFlight.reduce((sum, { begin }) => sum + now - begin, 0),
    };
    return { left, secondsLeft: Math.max(...free) - now };
  }

  const sumOf = (samples: readonly SpeedSample[], key: keyof SpeedSample) =>
    samples.reduce((sum, sample) => sum + sample[key], 0);
  const shareWithin = (errors: number[], most: number) =>
    errors.filter((error) => Math.abs(error) <= most).length / errors.length;

  const blended = shareWithin(errorsOf(remainingSeconds), 0.15);

  test('nine of ten estimates are within 15 %', () => {
    expect(blended).toBeGreaterThan(0.9);
  });

  test('what was learned and what is measured are better together than either alone', () => {
    const learnedAlone = errorsOf(({ factorNow: _, ...left }) => remainingSeconds(left));
    const measuredAlone = errorsOf((left) => remainingSeconds({ ...left, audioSecondsDone: 1e9 }));
    expect(blended).toBeGreaterThan(shareWithin(learnedAlone, 0.15));
    expect(blended).toBeGreaterThan(shareWithin(measuredAlone, 0.15));
  });

  test('they are neither too long nor too short on average, as they would be without chunks in flight or waiting lanes', () => {
    const bias = (errors: number[]) => errors.reduce((sum, each) => sum + each, 0) / errors.length;
    expect(Math.abs(bias(errorsOf(remainingSeconds)))).toBeLessThan(0.02);
    expect(bias(errorsOf((left) => remainingSeconds({ ...left, inFlightSeconds: 0 })))).toBeGreaterThan(0.04);
    expect(bias(errorsOf((left) => remainingSeconds({ ...left, chunkSeconds: 0 })))).toBeLessThan(-0.02);
  });
});

describe('the queue', () => {
  const waiting = (...seconds: number[]) => seconds.map((each, index) => ({ id: index + 1, seconds: each }));

  test('an empty one has no end to wait for', () => {
    expect(queueForecast({ concurrency: 2, running: [], waiting: [] })).toEqual({ jobs: new Map(), endsInSeconds: 0 });
  });

  test('the next one starts when one ends', () => {
    const { jobs, endsInSeconds } = queueForecast({
      concurrency: 2,
      running: [{ id: 0, secondsLeft: 30 }],
      waiting: waiting(100, 20, 10, 60),
    });
    expect(Object.fromEntries(jobs)).toEqual({
      0: { startsInSeconds: 0, endsInSeconds: 30 },
      1: { startsInSeconds: 0, endsInSeconds: 100 },
      2: { startsInSeconds: 30, endsInSeconds: 50 },
      3: { startsInSeconds: 50, endsInSeconds: 60 },
      4: { startsInSeconds: 60, endsInSeconds: 120 },
    });
    expect(endsInSeconds).toBe(120);
  });

  test('what ends at the same time is told in the order of the queue', () => {
    const running = [8, 9].map((id) => ({ id, secondsLeft: 10 }));
    const { jobs } = queueForecast({ concurrency: 4, running, waiting: waiting(10, 10) });
    expect([...jobs.keys()]).toEqual([8, 9, 1, 2]);
  });

  test('more may run than shall, after the limit was lowered', () => {
    const running = [1, 2, 3].map((id) => ({ id: -id, secondsLeft: 10 * id }));
    const { jobs } = queueForecast({ concurrency: 2, running, waiting: waiting(5) });
    expect(jobs.get(1)).toEqual({ startsInSeconds: 20, endsInSeconds: 25 });
  });

  test('jobs at once slow each other down, until one is alone again', () => {
    const slowdown = (count: number) => (count === 2 ? 1.5 : 1);
    const { jobs } = queueForecast({ concurrency: 2, running: [], waiting: waiting(10, 30), slowdown });
    expect(jobs.get(1)?.endsInSeconds).toBe(15);
    expect(jobs.get(2)?.endsInSeconds).toBe(35);
  });

  test('on cores that they share, in proportion to what they want', () => {
    const slowdown = slowdownOnCores(4, 3);
    expect([1, 2, 4].map(slowdown)).toEqual([1, 1.5, 3]);
    expect(slowdownOnCores(4, 1)(3)).toBe(1);
  });

  test('in quiet hours work waits: what is running goes on, what comes next starts when they open', () => {
    const nowMs = Date.parse('2025-01-10T06:00:00Z');
    const calendar = workCalendar(parseQuietHours('22:00-07:00', 'UTC'), nowMs);
    const { jobs } = queueForecast({
      concurrency: 1,
      running: [{ id: 0, secondsLeft: HOUR }],
      waiting: waiting(2 * HOUR, 8 * HOUR, 0),
      calendar,
    });
    expect(jobs.get(0)?.endsInSeconds).toBe(HOUR);
    expect(jobs.get(1)).toEqual({ startsInSeconds: 16 * HOUR, endsInSeconds: 18 * HOUR });
    expect(jobs.get(2)).toEqual({ startsInSeconds: 18 * HOUR, endsInSeconds: 41 * HOUR });
    expect(jobs.get(3)).toEqual({ startsInSeconds: 41 * HOUR, endsInSeconds: 41 * HOUR });
  });

  test('a job without work does not end before it can start', () => {
    const calendar = workCalendar(parseQuietHours('22:00-07:00', 'UTC'), Date.parse('2025-01-10T21:00:00Z'));
    const { jobs } = queueForecast({ concurrency: 1, running: [], waiting: waiting(0), calendar });
    expect(jobs.get(1)).toEqual({ startsInSeconds: HOUR, endsInSeconds: HOUR });
  });

  /** The same, step by step, without a virtual time. */
  function stepByStep(concurrency: number, running: number[], queue: number[], slowdown: (running: number) => number) {
    const active = running.map((left, index) => ({ id: `r${index}`, left, from: 0 }));
    const ends = new Map<string, [number, number]>();
    let now = 0;
    let next = 0;
    for (;;) {
      while (active.length < concurrency && next < queue.length) {
        active.push({ id: `w${next}`, left: queue[next]!, from: now });
        next += 1;
      }
      if (active.length === 0) return ends;
      const least = Math.min(...active.map(({ left }) => left));
      now += least * slowdown(active.length);
      for (const job of active) job.left -= least;
      const done = active.findIndex(({ left }) => left <= 0);
      const [job] = active.splice(done, 1);
      ends.set(job!.id, [job!.from, now]);
    }
  }

  test('it is what happens step by step', () => {
    const work = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 25 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        work,
        work,
        fc.integer({ min: 1, max: 8 }),
        (concurrency, lefts, queue, cores) => {
          const slowdown = slowdownOnCores(cores, 3);
          const running = lefts.slice(0, 6).map((secondsLeft, index) => ({ id: `r${index}`, secondsLeft }));
          const forecast = queueForecast({
            ...{ concurrency, running, slowdown },
            waiting: queue.map((seconds, index) => ({ id: `w${index}`, seconds })),
          });
          const expected = stepByStep(concurrency, lefts.slice(0, 6), queue, slowdown);
          expect(forecast.jobs.size).toBe(expected.size);
          for (const [id, [startsInSeconds, endsInSeconds]] of expected) {
            expect(forecast.jobs.get(id)?.startsInSeconds).toBeCloseTo(startsInSeconds, 6);
            expect(forecast.jobs.get(id)?.endsInSeconds).toBeCloseTo(endsInSeconds, 6);
          }
          const last = Math.max(0, ...[...expected.values()].map(([, end]) => end));
          expect(forecast.endsInSeconds).toBeCloseTo(last, 6);
        },
      ),
    );
  });
});
