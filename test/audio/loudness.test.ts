import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FRAME_SAMPLES, FRAMES_PER_SECOND, LoudnessMeter, levelDb } from '../../src/audio/loudness.ts';

const bytesOf = (samples: number[]) => new Uint8Array(Int16Array.from(samples).buffer);
const measure = (samples: number[]) => {
  const meter = new LoudnessMeter();
  meter.push(bytesOf(samples));
  return meter.finish();
};

test('a sine of full scale is -3 dBFS, a hundredth of it -43; zeros and an offset are silence', () => {
  const sine = (peak: number) =>
    Array.from({ length: FRAME_SAMPLES }, (_, i) => Math.round(peak * Math.sin((i * Math.PI) / 8)));
  const { frames } = measure([
    ...sine(32767),
    ...sine(327.67),
    ...new Array(160).fill(0),
    ...new Array(160).fill(-512),
  ]);
  expect([...frames].map(levelDb)).toEqual([-3, -43, -128, -128]);
  expect([...frames.slice(2)]).toEqual([0, 0]);
});

test('one step of one sample is not silence', () => {
  expect(measure([...new Array(159).fill(0), 1]).frames[0]).toBeGreaterThan(0);
});

test('how the bytes arrive makes no difference', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 1000 }),
      fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 20 }),
      (samples, cuts) => {
        const bytes = bytesOf(samples);
        const meter = new LoudnessMeter();
        let at = 0;
        for (const length of cuts) {
          meter.push(bytes.subarray(at, at + length));
          at = Math.min(bytes.length, at + length);
        }
        meter.push(bytes.subarray(at));
        const loudness = meter.finish();
        expect(loudness).toEqual(measure(samples));
        expect(loudness.samples).toBe(samples.length);
      },
    ),
  );
});

test('how long it was expected to be makes no difference, and an absurd promise takes no memory', () => {
  const second = bytesOf(Array.from({ length: 16_000 }, (_, i) => (i * i) % 3000));
  const seconds = 70;
  const expectedSeconds = [undefined, -1, 1, seconds, 1e15, Number.POSITIVE_INFINITY, Number.NaN];
  const [first, ...others] = expectedSeconds.map((expected) => {
    const meter = new LoudnessMeter(expected);
    for (let n = 0; n < seconds; n++) meter.push(second);
    return meter.finish();
  });
  expect(first?.frames).toHaveLength(seconds * FRAMES_PER_SECOND);
  for (const loudness of others) {
    expect(loudness).toEqual(first);
    expect(loudness.frames.buffer.byteLength).toBeLessThan(10e6);
  }
});

test('a recording as long as expected is kept once: nothing is copied', () => {
  const meter = new LoudnessMeter(600);
  const minute = new Uint8Array(60 * 16_000 * 2);
  for (let n = 0; n < 10; n++) meter.push(minute);
  expect(meter.finish().frames.buffer.byteLength).toBe((600 + 60) * FRAMES_PER_SECOND);
});
