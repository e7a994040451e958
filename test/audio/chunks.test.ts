import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type PlannedChunk, planChunks } from '../../src/audio/chunks.ts';
import { FRAME_SAMPLES, type Loudness } from '../../src/audio/loudness.ts';
import { measureLoudness } from '../support/measure-loudness.ts';
import { ffmpeg, rawOf, synthesise } from '../support/media.ts';
import { speak } from '../support/speech.ts';

const RATE = 16_000;
const DEFAULTS = { chunkSeconds: 20, maxChunkSeconds: 30 };

/** A recording of which only the levels are known, in dBFS per frame. */
function levels(...dbfs: number[]): Loudness {
  return {
    samples: dbfs.length * FRAME_SAMPLES,
    frames: Uint8Array.from(dbfs, (db) => (db <= -127 ? 0 : 255 + 2 * db)),
  };
}
const steady = (seconds: number, db: number): number[] => new Array(Math.round(seconds * 100)).fill(db);
/** Syllables of 200 ms with dips of 100 ms between them. */
const talk = (seconds: number, db: number, floorDb = db - 30): number[] =>
  Array.from({ length: Math.round(seconds * 100) }, (_, i) => (i % 30 < 20 ? db : floorDb));
const inSeconds = (chunk: PlannedChunk) => ({
  from: chunk.coreStartSample / RATE,
  to: chunk.coreEndSample / RATE,
  speech: chunk.speech,
});

/** Stretches of talk, noise and silence at any level, and frames of anything. */
const recording = fc
  .record({
    stretches: fc.array(
      fc.tuple(
        fc.constantFrom('talk', 'steady', 'zero', 'random'),
        fc.integer({ min: 1, max: 3_000 }),
        fc.integer({ min: 1, max: 255 }),
      ),
      { maxLength: 12 },
    ),
    seed: fc.integer({ min: 0, max: 1_000 }),
    missing: fc.integer({ min: 0, max: FRAME_SAMPLES - 1 }),
  })
  .map(({ stretches, seed, missing }): Loudness => {
    const frames = stretches.flatMap(([kind, length, level]) =>
      Array.from({ length }, (_, i) => {
        if (kind === 'zero') return 0;
        if (kind === 'steady') return level;
        if (kind === 'talk') return i % 30 < 20 ? level : Math.max(0, level - 60);
        return ((i + seed) * 7919) % (level + 1);
      }),
    );
    return { samples: Math.max(0, frames.length * FRAME_SAMPLES - missing), frames: Uint8Array.from(frames) };
  })
  .filter(({ samples, frames }) => frames.length === Math.ceil(samples / FRAME_SAMPLES));

const options = fc
  .record({
    chunkSeconds: fc.double({ min: 0.5, max: 60, noNaN: true }),
    maxChunkSeconds: fc.double({ min: 1, max: 60, noNaN: true }),
    overlap: fc.double({ min: 0, max: 0.5, noNaN: true }),
  })
  .map(({ overlap, ...rest }) => ({ ...rest, overlapSeconds: overlap * rest.maxChunkSeconds }))
  .filter(({ maxChunkSeconds, overlapSeconds }) => maxChunkSeconds - overlapSeconds > 0.1);

describe('for any recording and any options', () => {
  test('the cores cover it without gap, in order', () => {
    fc.assert(
      fc.property(recording, options, (loudness, chosen) => {
        const plan = planChunks(loudness, chosen);
        let at = 0;
        for (const [index, chunk] of plan.entries()) {
          expect(chunk.index).toBe(index);
          expect(chunk.coreStartSample).toBe(at);
          expect(chunk.coreEndSample).toBeGreaterThan(at);
          expect(chunk.coreStartSample % FRAME_SAMPLES).toBe(0);
          at = chunk.coreEndSample;
        }
        expect(at).toBe(loudness.samples);
      }),
    );
  });

  test('no chunk that is heard exceeds the longest, overlap included', () => {
    fc.assert(
      fc.property(recording, options, (loudness, chosen) => {
        for (const chunk of planChunks(loudness, chosen)) {
          if (chunk.speech)
            expect(chunk.endSample - chunk.startSample).toBeLessThanOrEqual(chosen.maxChunkSeconds * RATE);
          expect(chunk.startSample).toBeLessThanOrEqual(chunk.coreStartSample);
          expect(chunk.endSample).toBeGreaterThanOrEqual(chunk.coreEndSample);
        }
      }),
    );
  });

  test('neighbours share the overlap where speech goes on, and nothing elsewhere', () => {
    fc.assert(
      fc.property(recording, options, (loudness, chosen) => {
        const plan = planChunks(loudness, chosen);
        for (const [i, left] of plan.entries()) {
          const right = plan[i + 1];
          if (!right || (left.speech && right.speech)) continue;
          expect(left.speech ? left.endSample : left.coreEndSample).toBeGreaterThanOrEqual(left.coreEndSample);
          if (!left.speech)
            expect([left.startSample, left.endSample]).toEqual([left.coreStartSample, left.coreEndSample]);
        }
      }),
    );
  });

  test('the same plan every time', () => {
    fc.assert(
      fc.property(recording, options, (loudness, chosen) => {
        expect(planChunks(loudness, chosen)).toEqual(
          planChunks({ ...loudness, frames: loudness.frames.slice() }, chosen),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('digital silence reaches no engine, talk always does', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 4, max: 60 }),
            fc.integer({ min: -80, max: -10 }),
            fc.integer({ min: 1, max: 40 }),
          ),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        (parts) => {
          const loudness = levels(...parts.flatMap(([gap, db, length]) => [...steady(gap, -128), ...talk(length, db)]));
          const spoken = loudness.frames.map((byte) => (byte > 255 - 2 * 81 ? 1 : 0));
          for (const chunk of planChunks(loudness, DEFAULTS)) {
            const heard = spoken.subarray(chunk.coreStartSample / FRAME_SAMPLES, chunk.coreEndSample / FRAME_SAMPLES);
            expect(heard.includes(1)).toBe(chunk.speech);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('cuts', () => {
  test('in the pause nearest to the mark', () => {
    const plan = planChunks(levels(...talk(18.5, -20), ...steady(0.6, -60), ...talk(12, -20)), DEFAULTS);
    expect(plan).toHaveLength(2);
    expect(inSeconds(plan[0]!).to).toBeCloseTo(18.8, 1);
  });

  test('at the quietest 50 ms within 1.5 s when nobody pauses', () => {
    const frames = talk(40, -20, -28);
    for (let i = 2_095; i < 2_100; i++) frames[i] = -33;
    const [first] = planChunks(levels(...frames), DEFAULTS);
    expect(inSeconds(first!).to).toBeCloseTo(20.97, 1);
  });

  test('leave no stub behind', () => {
    const plan = planChunks(levels(...talk(25.3, -20)), DEFAULTS);
    expect(plan.map((chunk) => Math.round(inSeconds(chunk).to - inSeconds(chunk).from))).toEqual([13, 13]);
  });

  test('overlap: neighbours share it, half on each side of the cut', () => {
    const plan = planChunks(levels(...talk(60, -20)), { ...DEFAULTS, overlapSeconds: 2 });
    for (const [i, chunk] of plan.slice(1).entries()) {
      expect((plan[i]!.endSample - chunk.startSample) / RATE).toBe(2);
      expect((plan[i]!.endSample - chunk.coreStartSample) / RATE).toBe(1);
    }
  });

  test('options that contradict each other are refused', () => {
    expect(() => planChunks(levels(-20), { ...DEFAULTS, overlapSeconds: 16 })).toThrow(/overlap of 16 s/);
    expect(() => planChunks(levels(-20), { chunkSeconds: 0, maxChunkSeconds: 30 })).toThrow(/too short/);
    expect(() => planChunks(levels(-20), { chunkSeconds: Number.NaN, maxChunkSeconds: 30 })).toThrow(/too short/);
  });
});

describe('what is left out', () => {
  test('nothing, one frame, 0.2 s of sound, pure silence', () => {
    expect(planChunks(levels(), DEFAULTS)).toEqual([]);
    expect(planChunks(levels(-20), DEFAULTS)).toMatchObject([{ startSample: 0, endSample: 160, speech: true }]);
    expect(planChunks(levels(...steady(0.2, -20)), DEFAULTS)).toMatchObject([{ endSample: 3200, speech: true }]);
    expect(planChunks(levels(...steady(0.2, -128)), DEFAULTS)).toMatchObject([{ endSample: 3200, speech: false }]);
    expect(planChunks(levels(...steady(600, -128)), DEFAULTS)).toMatchObject([{ speech: false }]);
  });

  test('quiet speech after loud speech is kept', () => {
    const loudness = levels(...talk(30, -12), ...steady(1, -70), ...talk(30, -52, -72), ...talk(10, -12));
    expect(planChunks(loudness, DEFAULTS).every((chunk) => chunk.speech)).toBe(true);
  });

  test('quiet speech between long silences is kept, with half a second around it', () => {
    const plan = planChunks(
      levels(...talk(10, -12), ...steady(10, -75), ...talk(2, -62), ...steady(10, -75)),
      DEFAULTS,
    );
    expect(plan.map((chunk) => chunk.speech)).toEqual([true, false, true, false]);
    const quiet = inSeconds(plan[2]!);
    expect(quiet.from).toBeLessThanOrEqual(19.6);
    expect(quiet.to).toBeGreaterThanOrEqual(22.3);
  });
});

describe('real sound', () => {
  let speech: string;
  beforeAll(async () => {
    speech = await speak('The first train leaves the station at seven. Nobody was there to see it go.');
  });
  const planOf = async (path: string, name: string) =>
    planChunks(await measureLoudness(await rawOf(path, name)), DEFAULTS);

  test.each([0, -20, -40, -55])('speech at %d dB between silences is found', async (db) => {
    const padded = await ffmpeg(
      `padded${db}.wav`,
      ...['-i', `file:${speech}`, '-af', `volume=${db}dB,adelay=8000,apad=pad_dur=8`],
    );
    const plan = await planOf(padded, `padded${db}.raw`);
    expect(plan.map((chunk) => chunk.speech)).toEqual([false, true, false]);
    expect(inSeconds(plan[1]!).from).toBeGreaterThan(7);
    expect(inSeconds(plan[1]!).from).toBeLessThan(8.1);
  });

  test('speech in a noisy room is found, the room alone is left out', async () => {
    const filter =
      '[0]adelay=10000,apad=pad_dur=10[speech];[1]volume=-6dB[room];[speech][room]amix=2:normalize=0:duration=first';
    const room = ['-f', 'lavfi', '-i', 'anoisesrc=c=pink:a=0.05:d=60:r=16000:seed=7'];
    const mixed = await ffmpeg('room.wav', '-i', `file:${speech}`, ...room, '-filter_complex', filter);
    const plan = await planOf(mixed, 'room.raw');
    expect(plan.map((chunk) => chunk.speech)).toEqual([false, true, false]);
  });

  test.each(['white', 'pink'])('%s noise alone is silence', async (colour) => {
    const noise = await synthesise(`${colour}.wav`, `anoisesrc=c=${colour}:a=0.05:d=30:r=16000:seed=3`);
    expect((await planOf(noise, `${colour}.raw`)).every((chunk) => !chunk.speech)).toBe(true);
  });
});
