import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_KINDS, type ErrorKind } from '../../src/domain/errors.ts';
import {
  backoffMs,
  type FailedRun,
  RETRY_POLICIES,
  type RetryDecision,
  retriesOfKind,
  retryDecision,
} from '../../src/domain/retry.ts';

/** The table a second time: who changes it changes it here too. */
const RETRIES: Record<ErrorKind, number> = {
  memory: 2,
  network: 3,
  model: 1,
  input: 0,
  timeout: 0,
  unknown: 0,
  usage: 0,
  engine: 0,
  crash: 0,
  disk: 0,
};

const middle = () => 0.5;
const anyDice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => () => value);

function failed(kind: ErrorKind, more: Partial<FailedRun> = {}): FailedRun {
  const error = { kind, message: 'It went wrong.' };
  const smaller = { model: 'base' };
  return { error, retriesOfKind: 0, retriesInAll: 0, maxRetries: 3, smaller, dice: middle, ...more };
}

/** What becomes of a job that fails in these ways, one after the other. */
function life(kinds: readonly ErrorKind[], maxRetries: number): RetryDecision[] {
  const decisions: RetryDecision[] = [];
  const runs: { error_kind: ErrorKind }[] = [];
  let retriesInAll = 0;
  for (const kind of kinds) {
    const ofKind = retriesOfKind(kind, runs, retriesInAll);
    const decision = retryDecision(failed(kind, { retriesOfKind: ofKind, retriesInAll, maxRetries }));
    decisions.push(decision);
    if (decision.type === 'fail') break;
    runs.push({ error_kind: kind });
    if (decision.type === 'retry') retriesInAll += 1;
  }
  return decisions;
}

describe('how often', () => {
  test.each(ERROR_KINDS)('%s', (kind) => {
    const decisions = life(Array<ErrorKind>(9).fill(kind), 9);
    expect(decisions.filter(({ type }) => type === 'retry')).toHaveLength(RETRIES[kind]);
    expect(RETRY_POLICIES[kind].retries).toBe(RETRIES[kind]);
  });

  test('whatever goes wrong in whatever order, no kind is retried too often and no job either', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...ERROR_KINDS), { maxLength: 20 }),
        fc.integer({ min: 0, max: 6 }),
        (kinds, maxRetries) => {
          const decisions = life(kinds, maxRetries);
          const retried = kinds.filter((_, index) => decisions[index]?.type === 'retry');
          expect(retried.length).toBeLessThanOrEqual(maxRetries);
          for (const kind of ERROR_KINDS) {
            expect(retried.filter((each) => each === kind).length).toBeLessThanOrEqual(RETRIES[kind]);
          }
          for (const decision of decisions) {
            if (decision.type === 'retry') expect(decision.number).toBeLessThanOrEqual(decision.of);
          }
        },
      ),
    );
  });

  test('retries before a person started the job again do not count', () => {
    const runs = ['network', 'network', 'network', 'model'].map((kind) => ({ error_kind: kind as ErrorKind }));
    expect(retriesOfKind('network', runs, 4)).toBe(3);
    expect(retriesOfKind('network', runs, 2)).toBe(1);
    expect(retriesOfKind('network', runs, 0)).toBe(0);
  });

  test('runs that ended in no retry are passed over', () => {
    const kinds = ['network', 'disk', null, 'crash', 'network', null] as const;
    const runs = kinds.map((error_kind) => ({ error_kind }));
    expect(retriesOfKind('network', runs, 2)).toBe(2);
    expect(retriesOfKind('crash', runs, 2)).toBe(0);
  });
});

describe('in words', () => {
  test('a retry says which it is, of how many there can be, and when', () => {
    expect(retryDecision(failed('network'))).toEqual({
      type: 'retry',
      number: 1,
      of: 3,
      delayMs: 30_000,
      words: 'Retry 1/3 in 30 s: It went wrong.',
    });
    expect(retryDecision(failed('network', { retriesOfKind: 2, retriesInAll: 2 })).words).toBe(
      'Retry 3/3 in 2 min: It went wrong.',
    );
    expect(retryDecision(failed('model')).words).toContain('Retry 1/1 ');
    expect(retryDecision(failed('network', { maxRetries: 2 })).words).toContain('Retry 1/2 ');
    expect(retryDecision(failed('model', { retriesInAll: 1 })).words).toContain('Retry 2/2 ');
  });

  test('a failure says after how many retries, and only the error when there was none', () => {
    expect(retryDecision(failed('input'))).toEqual({ type: 'fail', words: 'It went wrong.' });
    expect(retryDecision(failed('input', { retriesInAll: 1 })).words).toBe('Failed after 1 retry: It went wrong.');
    expect(retryDecision(failed('network', { retriesOfKind: 3, retriesInAll: 3 })).words).toBe(
      'Failed after 3 retries: It went wrong.',
    );
  });

  test('after memory ran out, the smaller model is named', () => {
    expect(retryDecision(failed('memory'))).toMatchObject({
      type: 'retry',
      smallerModel: 'base',
      words: 'Retry 1/2 in 30 s with the smaller model base: It went wrong.',
    });
    for (const kind of ['network', 'model'] as const) {
      expect(retryDecision(failed(kind))).not.toHaveProperty('smallerModel');
    }
  });

  test('when there is no smaller model, memory is not tried again', () => {
    expect(retryDecision(failed('memory', { smaller: { problem: 'There is none.' } }))).toEqual({
      type: 'fail',
      words: 'It went wrong. There is none.',
    });
    const unknown = retryDecision(failed('memory', { smaller: undefined, retriesInAll: 2 }));
    expect(unknown).toEqual({ type: 'fail', words: 'Failed after 2 retries: It went wrong.' });
  });

  test('a full disk fails no job, however often it was retried', () => {
    expect(retryDecision(failed('disk', { retriesInAll: 3 }))).toEqual({
      type: 'pause queue',
      words: 'The queue is paused and goes on when there is space: It went wrong.',
    });
  });
});

describe('when', () => {
  test('30 s, doubled each time, at most 300 s', () => {
    const nominalSeconds = [0, 1, 2, 3].map((retries) => backoffMs(retries, middle) / 1000);
    expect(nominalSeconds).toEqual([30, 60, 120, 240]);
  });

  test('the dice move it by a tenth to either side', () => {
    expect(backoffMs(0, () => 0)).toBe(27_000);
    expect(backoffMs(0, () => 1)).toBe(33_000);
    expect(backoffMs(3, () => 0)).toBe(216_000);
    expect(backoffMs(3, () => 1)).toBe(264_000);
  });

  test('at its longest it is only shortened, so that jobs still come apart', () => {
    expect(backoffMs(4, () => 0)).toBe(270_000);
    expect(backoffMs(4, () => 1)).toBe(300_000);
    expect(backoffMs(60, middle)).toBe(285_000);
  });

  test('whatever the dice say, it is within a tenth of what is meant and never over 300 s', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_000 }), anyDice, (retries, dice) => {
        const meantMs = Math.min(300_000, 30_000 * 2 ** retries);
        const ms = backoffMs(retries, dice);
        expect(ms).toBeGreaterThanOrEqual(0.9 * meantMs);
        expect(ms).toBeLessThanOrEqual(Math.min(300_000, 1.1 * meantMs));
      }),
    );
  });
});
