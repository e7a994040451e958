import { describe, expect, test } from 'vitest';
import { type ModelSpan, modelChangeWarning } from '../../src/transcript/model-changes.ts';

/** Chunks of half a minute each, by their models. */
const spans = (...models: string[]): ModelSpan[] => models.map((model, index) => ({ startMs: index * 30_500, model }));
const AFTER_MEDIUM = { earlierModels: ['medium'], model: 'small' };

test('while memory lasts nothing is said', () => {
  expect(modelChangeWarning(spans('medium', 'medium'), { earlierModels: [], model: 'medium' })).toBeUndefined();
});

describe('after memory ran out', () => {
  test('from where on the smaller model is', () => {
    expect(modelChangeWarning(spans('medium', 'medium', 'small', 'small'), AFTER_MEDIUM)).toBe(
      'Memory ran out with medium; from 0:01:01 on the model is small.',
    );
  });

  test('each stretch of it, where engine workers had done what comes later', () => {
    expect(modelChangeWarning(spans('medium', 'small', 'medium', 'small'), AFTER_MEDIUM)).toBe(
      'Memory ran out with medium; from 0:00:30 to 0:01:01 and from 0:01:31 on the model is small.',
    );
  });

  test('all of it', () => {
    expect(modelChangeWarning(spans('small', 'small'), AFTER_MEDIUM)).toBe(
      'Memory ran out with medium; the model is small.',
    );
    expect(modelChangeWarning([], AFTER_MEDIUM)).toBe('Memory ran out with medium; the model is small.');
  });

  test('twice', () => {
    const twice = { earlierModels: ['medium', 'small'], model: 'tiny' };
    expect(modelChangeWarning(spans('medium', 'small', 'tiny'), twice)).toBe(
      'Memory ran out with medium and small; from 0:00:30 to 0:01:01 the model is small and from 0:01:01 on the model is tiny.',
    );
    expect(modelChangeWarning(spans('tiny', 'tiny'), twice)).toBe(
      'Memory ran out with medium and small; the model is tiny.',
    );
  });

  test('an hour is told as one', () => {
    const late = [
      { startMs: 0, model: 'medium' },
      { startMs: 3_725_999, model: 'small' },
    ];
    expect(modelChangeWarning(late, AFTER_MEDIUM)).toContain('from 1:02:05 on');
  });
});
