import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MOST_PEAKS, PeakMeter } from '../../src/audio/peaks.ts';
import { measureWaveform } from '../../src/audio/waveform.ts';
import { write } from '../support/media.ts';

const RATE = 16_000;

/** The bytes of these samples. */
function bytesOf(samples: readonly number[]): Uint8Array {
  return new Uint8Array(Int16Array.from(samples).buffer);
}

test('peaks do not depend on the pieces in which the sound comes', () => {
  const samples = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 500 });
  fc.assert(
    fc.property(samples, fc.array(fc.nat(1_000), { maxLength: 8 }), (all, cuts) => {
      const bytes = bytesOf(all);
      const whole = new PeakMeter();
      whole.push(bytes);
      const pieces = new PeakMeter();
      let from = 0;
      for (const cut of [...cuts.map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b), bytes.length]) {
        pieces.push(bytes.subarray(from, cut));
        from = cut;
      }
      const { peaks, ...rest } = whole.finish();
      expect(pieces.finish()).toEqual({ peaks, ...rest });
      expect(rest).toEqual({ durationSeconds: all.length / RATE, samplesPerSecond: 100 });
      const largest = Array.from({ length: Math.ceil(all.length / 160) }, (_, i) =>
        Math.max(...all.slice(i * 160, (i + 1) * 160).map(Math.abs)),
      );
      expect(peaks).toEqual(largest.map((each) => Math.round((each / 32_768) * 1_000) / 1_000));
    }),
  );
});

test('however long it is there are no more than 20,000, and none is lost', () => {
  const meter = new PeakMeter();
  const second = new Uint8Array(2 * RATE);
  const knock = new Uint8Array(2 * RATE);
  knock.set(bytesOf([-32_768]), 2 * 777);
  for (let at = 0; at < 1_000; at++) meter.push(at === 700 ? knock : second);
  const { peaks, samplesPerSecond, durationSeconds } = meter.finish();
  expect(durationSeconds).toBe(1_000);
  // 100,000 stretches of 10 ms, eight to one.
  expect(samplesPerSecond).toBe(100 / 8);
  expect(peaks.length).toBe(12_500);
  expect(peaks.length).toBeLessThanOrEqual(MOST_PEAKS);
  const loud = peaks.flatMap((peak, index) => (peak > 0 ? [{ peak, second: index / samplesPerSecond }] : []));
  expect(loud).toEqual([{ peak: 1, second: 700 }]);
});

test('what is no recording is refused by name', async () => {
  const text = await write('notes.wav', 'no sound at all');
  await expect(measureWaveform(text)).rejects.toThrow(/^"notes.wav" holds no sound that can be decoded\.$/);
});
