/** Files that strangers made to read what they must not, to call somebody, or to take all memory. */
import { copyFile, open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../../src/audio/decode.ts';
import { type AudioProbe, probe } from '../../src/audio/probe.ts';
import { InputError, type LonghandError } from '../../src/domain/errors.ts';
import { convert, ffmpeg, synthesise, write } from '../support/media.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';

const SECRET = 'root:x:0:0:the words of somebody else';

let speech: string;
let speechFacts: AudioProbe;
let secretSound: string;
let port: number;
let calls = 0;
const server = createServer((socket) => {
  calls++;
  socket.destroy();
});

beforeAll(async () => {
  speech = await speak('We walked along the river until the evening came.');
  speechFacts = await probe(speech);
  secretSound = scratchPath('secret.wav');
  await copyFile(speech, secretSound);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function failureOf(work: Promise<unknown>): Promise<LonghandError> {
  return await work.then(
    () => expect.fail('It was taken for a recording.'),
    (error) => error,
  );
}

/** Neither of the two programs takes the file, or says anything of what it names. */
async function refusal(path: string): Promise<InputError> {
  const error = await failureOf(probe(path));
  expect(error).toBeInstanceOf(InputError);
  // Should what is probed and what is decoded ever differ: ffmpeg by itself refuses it as well.
  const facts = { ...speechFacts, path };
  const lines: string[] = [];
  const decoding = decode(path, scratchPath('out.s16le'), { probe: facts, onLine: (line) => void lines.push(line) });
  const late = await failureOf(decoding);
  expect(late).toBeInstanceOf(InputError);
  const said = [error, late].map(({ message, evidence }) => `${message} ${evidence}`).join(' ') + lines.join(' ');
  expect(said).not.toContain(SECRET);
  return error as InputError;
}

/** The lists and pictures, each with the address of something else in it. */
function hostile(address: string): Record<string, string> {
  const hls = `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${address}\n#EXT-X-ENDLIST\n`;
  const dash =
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S">' +
    '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="64000">' +
    `<BaseURL>${address}</BaseURL></Representation></AdaptationSet></Period></MPD>`;
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">' +
    `<image xlink:href="${address}" width="9" height="9"/></svg>`;
  return {
    'list.m3u8': hls,
    'list.mp4': hls,
    'list.ffconcat': `ffconcat version 1.0\nfile '${address}'\n`,
    'list.wav': `ffconcat version 1.0\nfile '${address}'\n`,
    'list.mpd': dash,
    'picture.svg': svg,
    'picture.m4a': svg,
    'call.sdp': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio ${port} RTP/AVP 0\n`,
  };
}

describe('what names something else', () => {
  test.each(['sound of somebody else', 'an address'])('reads nothing and calls nobody: %s', async (what) => {
    const address = what === 'an address' ? `http://127.0.0.1:${port}/a.ts` : `file://${secretSound}`;
    for (const [name, content] of Object.entries(hostile(address))) {
      const { message } = await refusal(await write(name, content));
      expect({ name, message }).toEqual({
        name,
        message: expect.stringMatching(/^"\S+" is (a playlist or a list of other files|a picture|a text file), not a/),
      });
    }
    expect(calls).toBe(0);
  });

  test('a name that ffmpeg would take for something to open is only a name', async () => {
    const names = [
      `concat:${secretSound.replaceAll('/', '_')}|x`,
      'subfile,,start,0,end,99,,:secret.wav',
      'http:127.0.0.1',
      '-i',
      '-protocol_whitelist',
      'pipe:0',
    ];
    for (const name of names) {
      expect((await refusal(await write(name, `${SECRET}\n`))).message).toMatch(/ is a text file, not a recording\.$/);
      await copyFile(speech, scratchPath(name));
      expect((await probe(scratchPath(name))).codec).toBe('pcm_s16le');
    }
  });

  test('pictures and subtitles are no recordings', async () => {
    const png = await synthesise('still.png', 'color=c=red:s=16x16:d=1', '-frames:v', '1');
    expect((await refusal(png)).message).toBe('"still.png" is a picture, not a recording.');
    const srt = await write('words.srt', '1\n00:00:00,000 --> 00:00:02,000\nGood morning.\n');
    expect((await refusal(srt)).message).toBe('"words.srt" is a text file, not a recording.');
  });
});

describe('what claims to be huge', () => {
  /** A box of an MP4 (ISO/IEC 14496-12, 4.2) around what follows, which may be longer than what is given of it. */
  const box = (type: string, content: Buffer, bytes = content.length) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(bytes + 8);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, content]);
  };

  test.runIf(process.platform === 'linux')('a table of 200 million places takes no memory', async () => {
    const places = 200_000_000;
    const table = Buffer.alloc(8);
    table.writeUInt32BE(places, 4);
    let bytes = table.length + places * 4;
    let boxes = box('stco', table, bytes);
    for (const type of ['stbl', 'minf', 'mdia', 'trak', 'moov']) {
      bytes += 8;
      boxes = box(type, boxes, bytes);
    }
    const start = Buffer.concat([box('ftyp', Buffer.from('M4A \0\0\0\0M4A ', 'latin1')), boxes]);
    // All zeros behind its beginning: on the disk it takes a few kilobytes.
    const path = scratchPath('huge.m4a');
    const file = await open(path, 'w');
    await file.write(start);
    await file.truncate(start.length + places * 4);
    await file.close();
    const { message } = await refusal(path);
    expect(message).toBe('"huge.m4a" cannot be looked at: it would take more memory than any recording.');
  });

  test('a hundred thousand tracks are refused', async () => {
    /** An element of Matroska (RFC 8794, 4) with a size of eight bytes. */
    const element = (id: string, content: Buffer) => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64BE((1n << 56n) | BigInt(content.length));
      return Buffer.concat([Buffer.from(id, 'hex'), size, content]);
    };
    const number = (id: string, value: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return element(id, bytes);
    };
    const tracks = Array.from({ length: 100_000 }, (_, index) =>
      element(
        'ae',
        Buffer.concat([
          ...[number('d7', index + 1), number('73c5', index + 1), number('83', 2)],
          ...[element('86', Buffer.from('A_PCM/INT/LIT')), element('e1', number('9f', 1))],
        ]),
      ),
    );
    const header = element('1a45dfa3', element('4282', Buffer.from('matroska')));
    const path = await write(
      'tracks.mka',
      Buffer.concat([header, element('18538067', element('1654ae6b', Buffer.concat(tracks)))]),
    );
    expect((await refusal(path)).kind).toBe('input');
  });

  test('a title of twenty megabytes does no harm to the recording under it', async () => {
    const title = Buffer.concat([Buffer.from([3]), Buffer.alloc(20_000_000, 'x')]);
    /** Seven bits in each byte (ID3v2.4.0, 6.2). */
    const synchsafe = (n: number) => Buffer.from([21, 14, 7, 0].map((shift) => (n >> shift) & 127));
    const frame = Buffer.concat([Buffer.from('TIT2'), synchsafe(title.length), Buffer.alloc(2), title]);
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0', 'latin1'), synchsafe(frame.length), frame]);
    const mp3 = await convert(speech, 'plain.mp3', '-id3v2_version', '0');
    const path = await write('titled.mp3', Buffer.concat([tag, await readFile(mp3)]));
    const { samples } = await decode(path, scratchPath('titled.s16le'));
    expect(samples).toBeGreaterThan(16_000);
  });
});

test('recordings of every usual kind are taken', async () => {
  const film = ['-f', 'lavfi', '-i', 'color=c=red:s=128x96:d=1'];
  const kinds: Record<string, string[]> = {
    ...{ wav: [], flac: [], mp3: [], m4a: [], ogg: [], opus: [], webm: [], wma: [], aiff: [], caf: [], ts: [] },
    ...{ mp4: film, mkv: film, avi: film, mov: film, '3gp': [...film, '-c:a', 'aac'], gsm: ['-ar', '8000'] },
  };
  for (const [kind, args] of Object.entries(kinds)) {
    const path = await ffmpeg(`usual.${kind}`, '-i', `file:${speech}`, ...args, '-ac', '1');
    const { codec, hasVideo } = await probe(path);
    expect({ kind, codec, hasVideo }).toEqual({ kind, codec: expect.any(String), hasVideo: args.includes('lavfi') });
  }
  // Frames of silence at 12.2 kbit/s (RFC 4867, 5): not every ffmpeg can write them.
  const frame = Buffer.concat([Buffer.from([0x3c]), Buffer.alloc(31)]);
  const amr = await write('usual.amr', Buffer.concat([Buffer.from('#!AMR\n'), ...Array(100).fill(frame)]));
  expect((await probe(amr)).codec).toBe('amr_nb');
});
