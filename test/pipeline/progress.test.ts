import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROGRESS_MARKS, type ProgressMark } from '../../src/domain/stage.ts';
import { ProgressMeter, type ProgressReport, SpeedMeter } from '../../src/pipeline/progress.ts';

const anyMark = fc.constantFrom(...(Object.keys(PROGRESS_MARKS) as ProgressMark[]));
const anyStep = fc.record({ from: anyMark, to: anyMark, done: fc.double({ noNaN: true, min: -2, max: 3 }) });

test('progress never goes back and never says 100, whatever it is told', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 50 }), (steps) => {
      const said: number[] = [];
      const meter = new ProgressMeter('Whisper', ({ percent }) => said.push(percent));
      for (const { from, to, done } of steps) meter.between(from, to, done);
      meter.at('complete');
      expect(said).toEqual([...said].sort((a, b) => a - b));
      expect(said.at(-1)).toBeLessThan(100);
      expect(said).toHaveLength(steps.length + 1);
    }),
  );
});

test('a report says where the job stands in words, with the figures it was given', () => {
  const said: ProgressReport[] = [];
  const meter = new ProgressMeter('Whisper', (report) => said.push(report));
  meter.at('model');
  meter.between('segments', 'finalizing', 0.5, { chunk: 5, chunks: 10, speed: 3.2, secondsLeft: 60 });
  expect(said).toEqual([
    { percent: 20, stage: 'Preparing Whisper model...' },
    { percent: 60, stage: 'Processing audio segments...', chunk: 5, chunks: 10, speed: 3.2, secondsLeft: 60 },
  ]);
});

describe('speed', () => {
  test('is unknown before anything was done', () => {
    const meter = new SpeedMeter(() => 0);
    expect(meter.speed).toBeUndefined();
    meter.start();
    expect(meter.speed).toBeUndefined();
  });

  test('is audio over wall time since the start, over all lanes', () => {
    let now = 1_000;
    const meter = new SpeedMeter(() => now);
    meter.start();
    now += 10_000;
    meter.add(20);
    meter.add(12);
    meter.start();
    expect(meter.speed).toBeCloseTo(3.2);
  });

  test('is unknown when no time has passed', () => {
    const meter = new SpeedMeter(() => 5);
    meter.add(20);
    expect(meter.speed).toBeUndefined();
  });
});
