import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROGRESS_MARKS, type ProgressMark } from '../../src/domain/stage.ts';
import { ProgressMeter, type ProgressReport } from '../../src/pipeline/progress.ts';

const anyMark = fc.constantFrom(...(Object.keys(PROGRESS_MARKS) as ProgressMark[]));
const anyStep = fc.record({ from: anyMark, to: anyMark, done: fc.double({ noNaN: true, min: -2, max: 3 }) });

test('progress never goes back and never says 100, whatever it is told and whatever was reached before', () => {
  fc.assert(
    fc.property(
      fc.array(anyStep, { maxLength: 50 }),
      fc.double({ noNaN: true, min: 0, max: 100 }),
      (steps, reached) => {
        const said = [Math.min(99.9, reached)];
        const meter = new ProgressMeter({
          engineLabel: 'Whisper',
          reached,
          report: ({ percent }) => said.push(percent),
        });
        for (const { from, to, done } of steps) meter.between(from, to, done);
        meter.at('complete');
        expect(said).toEqual([...said].sort((a, b) => a - b));
        expect(said.at(-1)).toBeLessThan(100);
        expect(said).toHaveLength(steps.length + 2);
      },
    ),
  );
});

test('a report says where the job stands in words, with the figures it was given', () => {
  const said: ProgressReport[] = [];
  const meter = new ProgressMeter({ engineLabel: 'Whisper', report: (report) => said.push(report) });
  meter.at('model');
  meter.between('segments', 'finalizing', 0.5, { chunk: 5, chunks: 10 });
  expect(said).toEqual([
    { percent: 20, stage: 'Preparing Whisper model...' },
    { percent: 60, stage: 'Processing audio segments...', chunk: 5, chunks: 10 },
  ]);
});

test('the same is said again with the figures of that moment, once there is something to say', () => {
  const said: ProgressReport[] = [];
  let secondsLeft = 60;
  const meter = new ProgressMeter({
    engineLabel: 'Whisper',
    figures: () => ({ secondsLeft }),
    report: (report) => said.push(report),
  });
  meter.refresh();
  meter.between('segments', 'finalizing', 0.5, { chunk: 5, chunks: 10 });
  secondsLeft = 55;
  meter.refresh();
  const report = { percent: 60, stage: 'Processing audio segments...', chunk: 5, chunks: 10 };
  expect(said).toEqual([
    { ...report, secondsLeft: 60 },
    { ...report, secondsLeft: 55 },
  ]);
});
