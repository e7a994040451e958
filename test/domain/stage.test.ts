import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROGRESS_MARKS, type ProgressMark, percentBetween } from '../../src/domain/stage.ts';

const marks = Object.keys(PROGRESS_MARKS) as ProgressMark[];
const anyMark = fc.constantFrom(...marks);

test('the marks rise from 0 to 100 in the order of the work', () => {
  const percents = marks.map((mark) => PROGRESS_MARKS[mark].percent);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  expect(percents.at(0)).toBe(0);
  expect(percents.at(-1)).toBe(100);
  expect(new Set(percents).size).toBe(percents.length);
});

test('every mark has its words, and the model is named', () => {
  for (const mark of marks) expect(PROGRESS_MARKS[mark].words('Whisper')).not.toBe('');
  expect(PROGRESS_MARKS.model.words('Whisper')).toBe('Preparing Whisper model...');
});

test('between two marks progress follows the work and stays between them', () => {
  fc.assert(
    fc.property(anyMark, anyMark, fc.double({ noNaN: true }), fc.double({ noNaN: true }), (from, to, a, b) => {
      fc.pre(PROGRESS_MARKS[from].percent <= PROGRESS_MARKS[to].percent);
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      const early = percentBetween(from, to, less);
      const late = percentBetween(from, to, more);
      expect(early).toBeLessThanOrEqual(late);
      expect(early).toBeGreaterThanOrEqual(PROGRESS_MARKS[from].percent);
      expect(late).toBeLessThanOrEqual(PROGRESS_MARKS[to].percent);
    }),
  );
});

test.each([
  [-1, 40],
  [0, 40],
  [0.5, 60],
  [1, 80],
  [2, 80],
])('%d of the work between 40 and 80 is %d', (done, percent) => {
  expect(percentBetween('segments', 'finalizing', done)).toBe(percent);
});
