import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { decode } from '../../src/audio/decode.ts';
import { requireProgram } from '../../src/audio/ffmpeg.ts';
import { follow } from '../../src/audio/follow.ts';
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
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const seconds: number[] = [];
    const { samples } = await decode(hour, outPath(), {
      threads: 1,
      onProgress: (at) => {
        seconds.push(at);
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      },
    });
    expect(samples).toBe(3_600 * RATE);
    expect(seconds.length).toBeGreaterThan(0);
    for (const [i, at] of seconds.entries()) expect(at).toBeGreaterThanOrEqual((seconds[i - 1] ?? 0) + 10);
    expect(seconds.at(-1)).toBeLessThanOrEqual(3_600);
    // Decoded it has 115 MB. Garbage counts here until it is collected, so there must be none either.
    expect(most / 1e6).toBeLessThan(2);
  });

  test("what an earlier run left, and still writes, is in nobody's way", async () => {
    const out = outPath();
    const old = openSync(`${out}.part`, 'w');
    writeSync(old, Buffer.alloc(1e6, 1));
    const decoding = decode(speech, out);
    const ended = decoding.then(() => true);
    while (!(await Promise.race([ended, eventLoopTurn(false)]))) writeSync(old, Buffer.alloc(1_000, 1));
    closeSync(old);
    expect(readFileSync(out).equals(readFileSync(await rawOf(speech, 'again.raw')))).toBe(true);
    expect((await decoding).samples).toBe(readFileSync(out).length / 2);
  });
});

describe('a file that grows', () => {
  test('is read once, in order, to its end, through one block of memory', async () => {
    const path = scratchPath('growing');
    const file = await open(path, 'wx+');
    const writer = openSync(path, 'a');
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const pieces = [1, 600_000, 0, 262_144, 3].map((length, n) => Buffer.alloc(length, n + 1));
    const left = [...pieces];
    const taken: Buffer[] = [];
    const memory = new Set<ArrayBufferLike>();
    const positions: number[] = [];
    for await (const position of follow(file, ended, (bytes) => {
      taken.push(Buffer.from(bytes));
      memory.add(bytes.buffer);
    })) {
      positions.push(position);
      const piece = left.shift();
      if (piece) writeSync(writer, piece);
      if (left.length > 0) continue;
      // It learns of the end before it looks again: the last piece is still unread then.
      end();
      await eventLoopTurn();
    }
    closeSync(writer);
    await file.close();
    expect(Buffer.concat(taken).equals(Buffer.concat(pieces))).toBe(true);
    expect(positions).toEqual([0, 1, 600_001, 600_001, 862_145, 862_148]);
    expect(memory.size).toBe(1);
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
  afterEach(() => void vi.unstubAllEnvs());

  /** ffmpeg, started in a shell that has done something before or does it afterwards. */
  function putFfmpegIn(script: (command: string) => string): void {
    const folder = scratchPath(`bin ${outputs++}`);
    mkdirSync(folder);
    const real = requireProgram('ffmpeg');
    writeFileSync(join(folder, 'ffmpeg'), `#!/bin/sh\n${script(`'${real}' "$@"`)}\n`, { mode: 0o700 });
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  }

  test.skipIf(process.platform !== 'linux').each([
    ['as ffmpeg ends', (command: string) => `exec ${command} >/dev/full`],
    ['of which its exit code says nothing', (command: string) => `${command} >/dev/full; exit 0`],
  ])('a full disk is a disk error with a remedy, and leaves nothing: %s', async (_, script) => {
    putFfmpegIn(script);
    const out = outPath();
    await expect(decode(long, out)).rejects.toMatchObject({
      kind: 'disk',
      message: expect.stringContaining('no space left on the disk'),
      remedy: expect.stringContaining('Free some space'),
    });
    expect(existsSync(out) || existsSync(`${out}.part`)).toBe(false);
    expect(ffmpegChildren()).toEqual([]);
  });

  test('the size of the file counts, whatever kept the rest of it away', async () => {
    putFfmpegIn((command) => `trap '' XFSZ\nulimit -f 64\n${command}\nexit 0`);
    const out = outPath();
    const error = await decode(long, out).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DiskError);
    expect((error as DiskError).message).toMatch(/^Only \d+ of \d+ decoded bytes could be written .*too large/);
    expect(existsSync(out) || existsSync(`${out}.part`)).toBe(false);
  });

  // Only root may mount.
  describe.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('on a small disk', () => {
    test.each([
      ['gets full on the way', 'size=1m', 'no space left on the disk'],
      ['is read-only', 'size=1m,ro', 'read-only'],
    ])('which %s', async (_, options, words) => {
      const disk = scratchPath(`disk ${outputs++}`);
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);
      try {
        await expect(decode(hour, join(disk, 'out.raw'))).rejects.toMatchObject({
          kind: 'disk',
          message: expect.stringContaining(words),
        });
        expect(readdirSync(disk)).toEqual([]);
        expect(ffmpegChildren()).toEqual([]);
      } finally {
        execFileSync('umount', [disk]);
      }
    });
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

  test.skipIf(process.platform !== 'linux')('aborted while nothing comes: it does not wait for more', async () => {
    const pipe = scratchPath('nothing.wav');
    execFileSync('mkfifo', [pipe]);
    const out = outPath();
    const controller = new AbortController();
    const reason = new Error('enough');
    const decoding = decode(pipe, out, { probe: { ...(await probe(speech)), path: pipe }, signal: controller.signal });
    const refused = expect(decoding).rejects.toBe(reason);
    while (ffmpegChildren().length === 0) await eventLoopTurn();
    controller.abort(reason);
    await refused;
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
