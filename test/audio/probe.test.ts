import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { probe } from '../../src/audio/probe.ts';
import { InputError } from '../../src/domain/errors.ts';
import { convert, ffmpeg, garbage, synthesise, truncate, write } from '../support/media.ts';
import { scratchDir, scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';

let speech: string;
beforeAll(async () => {
  speech = await speak('We walked along the river until the evening came.');
});

async function refusal(path: string): Promise<InputError> {
  const error = await probe(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).kind).toBe('input');
  return error as InputError;
}

describe('what is a recording', () => {
  test('tells length, sound and format', async () => {
    const flac = await convert(speech, 'speech.flac');
    const wav = await probe(speech);
    expect(wav).toMatchObject({
      codec: 'pcm_s16le',
      formatName: 'wav',
      channels: 1,
      sampleRateHz: 16000,
      hasVideo: false,
    });
    expect(wav.durationSeconds).toBeCloseTo((wav.sizeBytes - 44) / 32000, 2);
    expect(wav.durationEstimated).toBe(false);
    const compressed = await probe(flac);
    expect(compressed.codec).toBe('flac');
    expect(compressed.durationSeconds).toBeCloseTo(wav.durationSeconds!, 2);
  });

  test('a film is its sound, which may start late', async () => {
    const path = await ffmpeg(
      'film.mp4',
      ...['-f', 'lavfi', '-i', 'color=c=red:s=64x64:d=8', '-itsoffset', '2', '-i', `file:${speech}`],
      ...['-map', '0:v', '-map', '1:a'],
    );
    const film = await probe(path);
    expect(film.hasVideo).toBe(true);
    expect(film.startSeconds).toBeCloseTo(2, 0);
  });

  test('a cover picture makes no film', async () => {
    const cover = await synthesise('cover.png', 'color=c=blue:s=32x32:d=1', '-frames:v', '1');
    const path = await convert(
      speech,
      'covered.mp3',
      '-i',
      `file:${cover}`,
      '-map',
      '0:a',
      '-map',
      '1:v',
      '-id3v2_version',
      '3',
    );
    expect((await probe(path)).hasVideo).toBe(false);
  });

  test('a length that is only estimated is said to be so', async () => {
    const vbr = await convert(speech, 'vbr.mp3', '-q:a', '4', '-write_xing', '0');
    expect((await probe(vbr)).durationEstimated).toBe(true);
    const withHeader = await convert(speech, 'header.mp3', '-q:a', '4');
    expect((await probe(withHeader)).durationEstimated).toBe(false);
  });

  test('a cut-off WAV still promises its whole length; one written to a pipe promises nothing', async () => {
    const whole = await probe(speech);
    const cut = await probe(await truncate(speech, 'cut.wav', 0.5));
    expect(cut.durationSeconds).toBeCloseTo(whole.durationSeconds!, 2);
    const piped = execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-i', `file:${speech}`, '-f', 'wav', 'pipe:1']);
    expect((await probe(await write('piped.wav', piped))).durationSeconds).toBeCloseTo(whole.durationSeconds!, 2);
  });

  test.each([
    '-i.wav',
    '--',
    'two words.wav',
    'it\'s "quoted".wav',
    'line\nbreak.wav',
    'การประชุม.wav',
    '🎙️.wav',
    '%d-%03d.wav',
    'http:example.wav',
    'concat:a|b.wav',
    '$(id);`id`.wav',
    '?#*.wav',
    '..\\up.wav',
  ])('any name is a name: %j', async (name) => {
    const path = scratchPath(name);
    await copyFile(speech, path);
    expect((await probe(path)).codec).toBe('pcm_s16le');
  });

  test('a path that goes up is a path', async () => {
    await mkdir(scratchPath('deep/er'), { recursive: true });
    await copyFile(speech, scratchPath('up.wav'));
    expect((await probe(`${scratchDir}/deep/er/../../up.wav`)).codec).toBe('pcm_s16le');
  });
});

describe('what is none', () => {
  test('an empty file', async () => {
    expect((await refusal(await write('empty.mp3', ''))).message).toBe('"empty.mp3" is empty (0 bytes).');
  });

  test.each(['notes.txt', 'notes.mp3', 'notes.wav'])('a text named %s', async (name) => {
    const path = await write(name, 'These are only notes, not sound.\nสวัสดี\n'.repeat(20));
    expect((await refusal(path)).message).toBe(`"${name}" is a text file, not a recording.`);
  });

  test.each(['garbage.mp3', 'garbage.wav', 'garbage.m4a', 'garbage'])('noise named %s', async (name) => {
    const error = await refusal(await write(name, garbage(40_000)));
    expect(error.message).toBe(`"${name}" is not an audio or video file that ffmpeg can read.`);
    expect(error.evidence).toMatch(/^ffprobe ended with/);
  });

  test('a film without sound', async () => {
    const path = await synthesise('mute.mp4', 'color=c=red:s=64x64:d=1');
    expect((await refusal(path)).message).toBe('"mute.mp4" has pictures but no sound.');
  });

  test('an m4a that was cut off before its index', async () => {
    const path = await truncate(await convert(speech, 'whole.m4a'), 'cut.m4a', 0.6);
    expect((await refusal(path)).message).toMatch(/^"cut.m4a" is cut off: .*moov/);
  });

  test('a file that does not exist, a folder, a link to itself, a FIFO', async () => {
    expect((await refusal(scratchPath('nowhere.wav'))).message).toBe('"nowhere.wav" does not exist.');
    await mkdir(scratchPath('folder.wav'));
    expect((await refusal(scratchPath('folder.wav'))).message).toBe('"folder.wav" is a folder, not a recording.');
    await symlink(scratchPath('loop.wav'), scratchPath('loop.wav'));
    expect((await refusal(scratchPath('loop.wav'))).message).toMatch(/link that leads to itself/);
    execFileSync('mkfifo', [scratchPath('fifo.wav')]);
    expect((await refusal(scratchPath('fifo.wav'))).message).toMatch(/not a regular file/);
  });

  test.skipIf(process.getuid?.() === 0)('a file that must not be read', async () => {
    const path = scratchPath('secret.wav');
    await copyFile(speech, path);
    await chmod(path, 0);
    expect((await refusal(path)).message).toBe('"secret.wav" cannot be read: permission denied.');
  });
});

describe('hostile files read nothing and call nobody', () => {
  test('playlists that name other files are refused', async () => {
    await copyFile(speech, scratchPath('other.wav'));
    const hls = `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://${scratchPath('other.wav')}\n#EXT-X-ENDLIST\n`;
    const hostile = { 'list.m3u8': hls, 'list.mp3': hls, 'list.ffconcat': 'ffconcat version 1.0\nfile other.wav\n' };
    for (const [name, content] of Object.entries(hostile)) {
      expect((await refusal(await write(name, content))).message).toMatch(/is a playlist or a list of other files/);
    }
  });

  test('a playlist that names an address gets no connection', async () => {
    let calls = 0;
    const server = createServer((socket) => {
      calls++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { port: number };
      const url = `http://127.0.0.1:${port}/a.ts`;
      await refusal(await write('call.m3u8', `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${url}\n#EXT-X-ENDLIST\n`));
      await refusal(
        await write('call.sdp', `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio ${port} RTP/AVP 0\n`),
      );
      expect(calls).toBe(0);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('ffprobe itself', () => {
  test('missing: says how to get it', async () => {
    const path = process.env.PATH;
    process.env.PATH = scratchDir;
    try {
      await expect(probe(speech)).rejects.toMatchObject({
        message: 'The program ffprobe is not installed.',
        remedy: /Run: /,
      });
    } finally {
      process.env.PATH = path;
    }
  });

  test('too slow: a time-out', async () => {
    await expect(probe(speech, { timeoutMs: 1 })).rejects.toMatchObject({ kind: 'timeout' });
  });

  test('not wanted any more: the reason', async () => {
    const reason = new Error('stop');
    await expect(probe(speech, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
