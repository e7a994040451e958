import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../../src/audio/decode.ts';
import { FRAME_SAMPLES, LoudnessMeter } from '../../src/audio/loudness.ts';
import { BandwidthMeter, soundQuality } from '../../src/audio/quality.ts';
import type { SoundQuality } from '../../src/domain/model-choice.ts';
import { convert, ffmpeg, rawOf, synthesise } from '../support/media.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';

const TEXT =
  'She sells sea shells by the sea shore. This is the sixth session of the assembly. ' +
  'Please pass these sixty sheets to the secretary before she leaves the house.';

let speech: string;
beforeAll(async () => {
  const spoken = await speak(TEXT);
  // A second of pause at both ends.
  speech = await convert(spoken, 'quality-speech.wav', '-af', 'adelay=1000,apad=pad_dur=1');
});

/** Measures samples that come in pieces of this size. */
function measure(raw: Uint8Array, pieceBytes = raw.length): SoundQuality | undefined {
  const loudness = new LoudnessMeter();
  const bandwidth = new BandwidthMeter();
  for (let at = 0; at < raw.length; at += pieceBytes) {
    const piece = raw.subarray(at, at + pieceBytes);
    loudness.push(piece);
    bandwidth.push(piece);
  }
  return soundQuality(loudness.finish(), bandwidth.finish());
}

async function qualityOf(path: string): Promise<SoundQuality | undefined> {
  return measure(await readFile(await rawOf(path, 'quality.s16le')));
}

describe('bandwidth', () => {
  test('of speech at 16 kHz it is wide', async () => {
    expect((await qualityOf(speech))?.bandwidthHz).toBeGreaterThanOrEqual(7_000);
  });

  test.each([
    ['filtered', ['-af', `highpass=f=300${',lowpass=f=3400'.repeat(6)}`]],
    ['sampled at 8 kHz', ['-ar', '8000']],
    ['coded as on the telephone', ['-ar', '8000', '-c:a', 'pcm_mulaw']],
  ])('of speech %s to the telephone band it is narrow', async (how, args) => {
    const narrow = await convert(speech, `quality-${how.length}.wav`, ...args);
    const { bandwidthHz = 0 } = (await qualityOf(narrow)) ?? {};
    expect(bandwidthHz).toBeGreaterThan(3_000);
    expect(bandwidthHz).toBeLessThanOrEqual(4_500);
  });

  test('noise above the speech does not widen it', async () => {
    const narrow = await convert(speech, 'quality-narrow.wav', '-ar', '8000');
    const noisy = await mixed(narrow, 'quality-noise-above.wav', 'anoisesrc=c=white:a=0.01:d=60:r=16000:seed=3');
    expect((await qualityOf(noisy))?.bandwidthHz).toBeLessThanOrEqual(4_500);
  });
});

describe('signal to noise', () => {
  test.each([10, 20, 30])('of speech with noise %i dB below it is about that', async (wantedDb) => {
    const raw = new Int16Array((await readFile(await rawOf(speech, 'quality-clean.s16le'))).buffer.slice(0));
    const speechPower = powerOfSpeech(raw);
    const noise = whiteNoise(raw.length, Math.sqrt(speechPower / 10 ** (wantedDb / 10)));
    const both = raw.map((sample, i) => Math.max(-32_768, Math.min(32_767, sample + (noise[i] as number))));
    const { snrDb = Number.NaN } = measure(new Uint8Array(both.buffer)) ?? {};
    expect(Math.abs(snrDb - wantedDb)).toBeLessThan(3);
  });

  test('does not depend on how loud the recording is', async () => {
    const noisy = await mixed(speech, 'quality-loud.wav', 'anoisesrc=c=pink:a=0.05:d=60:r=16000:seed=5');
    const quiet = await convert(noisy, 'quality-quiet.wav', '-af', 'volume=-20dB');
    const [loud, soft] = [await qualityOf(noisy), await qualityOf(quiet)];
    expect(Math.abs((loud?.snrDb ?? 0) - (soft?.snrDb ?? 99))).toBeLessThan(1);
  });
});

describe('where nobody speaks there is none', () => {
  test.each([
    ['silence', 'anullsrc=d=5'],
    ['noise', 'anoisesrc=c=pink:a=0.05:d=20:seed=1'],
    ['a tone', 'sine=d=10'],
  ])('%s', async (name, source) => {
    expect(await qualityOf(await synthesise(`quality-${name.length}-none.wav`, source))).toBeUndefined();
  });

  test.each([0, 1, 2, 3, 319, 512, 6_400])('%i bytes', (bytes) => {
    expect(measure(new Uint8Array(bytes))).toBeUndefined();
  });
});

test('half a second of speech is measured too', async () => {
  const brief = await convert(speech, 'quality-brief.wav', '-ss', '0.8', '-t', '0.7');
  expect(await qualityOf(brief)).toEqual({ bandwidthHz: expect.any(Number), snrDb: expect.any(Number) });
});

test('the pieces in which the samples come do not matter', async () => {
  const raw = await readFile(await rawOf(speech, 'quality-pieces.s16le'));
  const whole = measure(raw);
  expect(whole).toBeDefined();
  for (const pieceBytes of [1_021, 4_097, 65_536]) expect(measure(raw, pieceBytes)).toEqual(whole);
});

test('decoding measures it on the way', async () => {
  const out = scratchPath('quality-decoded.s16le');
  const { quality } = await decode(speech, out);
  expect(quality).toEqual(measure(await readFile(out)));
  expect(quality).toBeDefined();
  const silence = await synthesise('quality-silence.wav', 'anullsrc=d=1:r=16000');
  expect((await decode(silence, out)).quality).toBeUndefined();
});

function mixed(path: string, name: string, source: string): Promise<string> {
  const mix = '[0]aresample=16000[a];[a][1]amix=inputs=2:normalize=0:duration=first';
  return ffmpeg(name, '-i', `file:${path}`, '-f', 'lavfi', '-i', source, '-filter_complex', mix);
}

/** Mean power of the frames within 30 dB of the loudest: those in which somebody speaks (after ITU-T P.56). */
function powerOfSpeech(samples: Int16Array): number {
  const powers: number[] = [];
  for (let at = 0; at + FRAME_SAMPLES <= samples.length; at += FRAME_SAMPLES) {
    powers.push(samples.subarray(at, at + FRAME_SAMPLES).reduce((sum, sample) => sum + sample ** 2, 0) / FRAME_SAMPLES);
  }
  const loudest = Math.max(...powers);
  const speaking = powers.filter((power) => power > loudest / 1_000);
  return speaking.reduce((sum, power) => sum + power, 0) / speaking.length;
}

/** Always the same. */
function whiteNoise(length: number, amplitude: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * Math.sqrt(3) * amplitude;
  });
}
