import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../../src/audio/decode.ts';
import { probe } from '../../src/audio/probe.ts';
import { DiskError } from '../../src/domain/errors.ts';
import { measureLoudness } from '../support/measure-loudness.ts';
import { convert, damage, ffmpeg, rawOf, synthesise, truncate, write } from '../support/media.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';

const RATE = 16_000;
let speech: string;
/** The same, eleven times over: long enough to lose some of it. */
let long: string;
/** An hour of silence, which is quickly made. */
let hour: string;
beforeAll(async () => {
  hour = await synthesise('hour.flac', 'anullsrc=r=8000:d=3600:cl=mono', '-compression_level', '0');
  speech = await speak('We walked along the river until the evening came.');
  long = await ffmpeg('long.wav', '-stream_loop', '10', '-i', `file:${speech}`);
});

let outputs = 0;
const outPath = () => scratchPath(`out ${outputs++}.raw`);
const lostIn = (warning: string | undefined) => Number(/([\d.]+) seconds are lost/.exec(warning ?? '')?.[1]);
const ffmpegChildren = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return stat.includes('(ffmpeg)') && stat.split(') ')[1]!.split(' ')[1] === String(process.pid);
      } catch {
        return false; // Gone meanwhile.
      }
    });

describe('whole recordings', () => {
  test('become 16 kHz mono, with checksum and loudness taken on the way', async () => {
    const out = outPath();
    const decoded = await decode(speech, out);
    const bytes = readFileSync(out);
    expect(bytes.equals(readFileSync(await rawOf(speech, 'reference.raw')))).toBe(true);
    expect(decoded.samples).toBe(bytes.length / 2);
    expect(decoded.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(decoded.warnings).toEqual([]);
    expect(await measureLoudness(out)).toEqual(decoded.loudness);
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  test.each([
    ['speech.mp3', []],
    ['speech.flac', []],
    ['speech.m4a', []],
    ['speech.ogg', []],
    ['speech.webm', ['-c:a', 'libopus']],
    ['vbr.mp3', ['-q:a', '4', '-write_xing', '0']],
    ['phone.wav', ['-ar', '8000', '-c:a', 'pcm_u8']],
    ['mulaw.wav', ['-ar', '8000', '-c:a', 'pcm_mulaw']],
    ['surround.wav', ['-ac', '6', '-ar', '96000', '-c:a', 'pcm_s24le']],
    ['float.wav', ['-ac', '2', '-ar', '44100', '-c:a', 'pcm_f32le']],
  ])('%s: all of it, and no warning', async (name, args) => {
    const path = await convert(long, name, ...args);
    const { samples, warnings, loudness } = await decode(path, outPath());
    expect(warnings).toEqual([]);
    expect(samples / RATE).toBeCloseTo((await probe(long)).durationSeconds!, 0);
    expect(Math.max(...loudness.frames)).toBeGreaterThan(255 - 2 * 30); // Louder than -30 dBFS: it is not silence.
  });

  test('0.2 s, silence and nothing at all', async () => {
    const short = await decode(await synthesise('short.wav', 'sine=d=0.2:r=16000'), outPath());
    expect(short).toMatchObject({ samples: 0.2 * RATE, warnings: [] });
    const silence = await decode(await synthesise('silence.wav', 'anullsrc=r=16000:d=2:cl=mono'), outPath());
    expect(silence.samples).toBe(2 * RATE);
    expect(silence.loudness.frames.every((byte) => byte === 0)).toBe(true);
    const none = await decode(await write('none.wav', readFileSync(speech).fill(0, 40, 44).subarray(0, 44)), outPath());
    expect(none).toMatchObject({ samples: 0, warnings: [] });
  });

  test("a film's late sound is as late in the transcript", async () => {
    const film = await ffmpeg(
      'late.mp4',
      ...['-f', 'lavfi', '-i', 'color=c=red:s=64x64:d=9', '-itsoffset', '3', '-i', `file:${speech}`],
      ...['-map', '0:v', '-map', '1:a'],
    );
    const { samples, loudness, warnings } = await decode(film, outPath());
    expect(samples / RATE).toBeCloseTo(3 + (await probe(speech)).durationSeconds!, 0);
    expect(loudness.frames.subarray(0, 280).every((byte) => byte < 100)).toBe(true);
    expect(warnings).toEqual([]);
  });

  test('memory stays flat over an hour, and progress is told in seconds', async () => {
    const out = outPath();
    const before = process.memoryUsage().rss;
    let most = before;
    const seconds: number[] = [];
    const { samples } = await decode(hour, out, {
      threads: 1,
      onProgress: (at) => {
        seconds.push(at);
        most = Math.max(most, process.memoryUsage().rss);
      },
    });
    expect(samples).toBe(3_600 * RATE);
    expect(seconds.length).toBeGreaterThan(100);
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    expect(seconds.at(-1)).toBeLessThanOrEqual(3_600);
    expect((most - before) / 1e6).toBeLessThan(60); // Decoded it has 115 MB.
  });
});

describe('damaged recordings go as far as they go, and say what is lost', () => {
  test.each([
    ['mp3', []],
    ['flac', []],
    ['wav', []],
    ['webm', ['-c:a', 'libopus']],
  ])('%s, cut off', async (ending, args) => {
    const whole = await convert(long, `whole.${ending}`, ...args);
    const cut = await truncate(whole, `cut.${ending}`, 0.4);
    const promised = (await probe(whole)).durationSeconds!;
    const { samples, warnings } = await decode(cut, outPath());
    expect(samples / RATE).toBeGreaterThan(0.1 * promised);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`"cut.${ending}"`);
    expect(lostIn(warnings[0])).toBeCloseTo(promised - samples / RATE, 0);
  });

  test.each([
    ['mp3', []],
    ['flac', []],
    ['ogg', []],
    ['webm', ['-c:a', 'libopus']],
  ])('%s, damaged in the middle', async (ending, args) => {
    const whole = await convert(long, `sound.${ending}`, ...args);
    const total = (await probe(whole)).durationSeconds!;
    const { samples, warnings } = await decode(await damage(whole, `bad.${ending}`), outPath());
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^"bad\.\w+" is damaged \(ffmpeg: /);
    expect(lostIn(warnings[0])).toBeGreaterThan(total / 10);
    expect(lostIn(warnings[0])).toBeLessThan(total / 3);
    // Where the format carries times, what follows the damage keeps its place.
    if (ending !== 'mp3') expect(samples / RATE).toBeCloseTo(total, 0);
  });

  test('what holds no sound at all is refused', async () => {
    const flac = readFileSync(await convert(speech, 'intact.flac'));
    const empty = await write('hollow.flac', Buffer.concat([flac.subarray(0, 8_300), Buffer.alloc(4_000, 0xff)]));
    const facts = { ...(await probe(speech)), path: empty };
    await expect(decode(empty, outPath(), { probe: facts })).rejects.toMatchObject({ kind: 'input' });
  });
});

describe('when it cannot go on', () => {
  test('a full disk is a disk error with a remedy, and leaves nothing', async () => {
    const out = outPath();
    symlinkSync('/dev/full', `${out}.part`);
    const error = await decode(long, out).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DiskError);
    expect((error as DiskError).remedy).toMatch(/Free some space/);
    expect(existsSync(out) || existsSync(`${out}.part`)).toBe(false);
    expect(ffmpegChildren()).toEqual([]);
  });

  test('aborted: ffmpeg is gone, nothing is left, the reason is thrown', async () => {
    const out = outPath();
    const controller = new AbortController();
    const reason = new Error('enough');
    const decoding = decode(hour, out, { signal: controller.signal, onProgress: () => controller.abort(reason) });
    await expect(decoding).rejects.toBe(reason);
    expect(ffmpegChildren()).toEqual([]);
    expect(existsSync(out) || existsSync(`${out}.part`)).toBe(false);
  });

  test.skipIf(process.platform !== 'linux').each([
    ['SIGKILL', 'memory'],
    ['SIGTERM', 'unknown'],
  ] as const)('ffmpeg ended by %s: never half a recording for a whole one', async (signal, kind) => {
    const out = outPath();
    let sent = false;
    const decoding = decode(hour, out, {
      onProgress: () => {
        for (const pid of sent ? [] : ffmpegChildren()) process.kill(Number(pid), signal);
        sent = true;
      },
    });
    await expect(decoding).rejects.toMatchObject({ kind, message: expect.stringContaining(basename(hour)) });
    expect(existsSync(out) || existsSync(`${out}.part`)).toBe(false);
  });

  test('a folder that is not there', async () => {
    await mkdir(scratchPath('here'));
    await expect(decode(speech, scratchPath('not here/out.raw'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
