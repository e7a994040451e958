import { once } from 'node:events';
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { followLog } from '../../src/logs/follow.ts';
import { lastLines, linesFrom } from '../../src/logs/tail.ts';
import { messagesIn, modesOf, namesOf, newLogPath, openLog, partsOf, wholeText } from './support.ts';
import { startWriter } from './writer.ts';

/** Keeps what is written; a small `room` makes every write wait for its reader. */
class Reader extends Writable {
  text = '';

  constructor(room = 1 << 20) {
    super({ highWaterMark: room, decodeStrings: false });
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk;
    setImmediate(done);
  }

  /** Everything that was written to it, once it has arrived. */
  async all(): Promise<string> {
    await new Promise<void>((resolve) => this.end(resolve));
    return this.text;
  }
}

/** A log of numbered lines, in parts of about so many bytes. */
async function written(path: string, lines: number, rotateBytes = 1_000, from = 0): Promise<void> {
  const log = openLog(path, { limits: { rotateBytes } });
  for (let line = from; line < from + lines; line += 1) log.write('INFO', 'runner', `line ${line}`);
  await log.close();
  expect(log.failure).toBeUndefined();
}

function numbered(lines: number, from = 0): string[] {
  return Array.from({ length: lines }, (_, line) => `line ${from + line}`);
}

test('a log is rotated before it grows over its size, in whole lines, and its parts are compressed', async () => {
  const path = newLogPath();
  await written(path, 500);
  const parts = partsOf(path);
  expect(parts.length).toBeGreaterThan(20);
  for (const { name, text } of parts) {
    expect(name).toMatch(/\.log\.\d+-\d+\.gz$/);
    expect(text).toMatch(/\n$/);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(900);
  }
  expect(messagesIn(wholeText(path))).toEqual(numbered(500));
  expect(modesOf(path)).toEqual(['600']);
});

test('a line larger than the size has a part of its own', async () => {
  const path = newLogPath();
  await written(path, 3, 1);
  expect(partsOf(path).map(({ text }) => messagesIn(text))).toEqual([['line 0'], ['line 1']]);
  expect(messagesIn(readFileSync(path, 'utf8'))).toEqual(['line 2']);
});

test('a log goes on over openings and rotations, also one that is over its size already', async () => {
  const path = newLogPath();
  const before = 'before there was rotation\n'.repeat(100);
  writeFileSync(path, before);
  for (let round = 0; round < 5; round += 1) await written(path, 20, 1_000, round * 20);
  const text = wholeText(path);
  expect(text.startsWith(before)).toBe(true);
  expect(messagesIn(text.slice(before.length))).toEqual(numbered(100));
});

describe('reading a log that was rotated', () => {
  test('gives the last lines, however many of its parts they are in', async () => {
    const path = newLogPath();
    await written(path, 200);
    const all = wholeText(path);
    const lines = all.split(/(?<=\n)/);
    for (const wanted of [0, 1, 5, 15, 16, 17, 40, 199, 200, 201, 1_000]) {
      const expected = wanted === 0 ? '' : lines.slice(-wanted).join('');
      expect(await lastLines(path, wanted)).toEqual({ text: expected, position: all.length });
    }
  });

  test('goes on from any position', async () => {
    const path = newLogPath();
    await written(path, 100);
    const all = wholeText(path);
    for (let position = 0; position <= all.length; position += 97) {
      let text = '';
      let at = position;
      for (let piece = await linesFrom(path, at); piece.position > at; piece = await linesFrom(path, at)) {
        text += piece.text;
        at = piece.position;
      }
      expect(text).toBe(all.slice(position));
    }
  });

  test('goes on when there is no current file', async () => {
    const path = newLogPath();
    await written(path, 100);
    const all = wholeText(path);
    const current = readFileSync(path);
    // As between the first and the second step of a rotation.
    const part = `${path}.${all.length - current.length}-${all.length}`;
    renameSync(path, part);
    expect(await lastLines(path, 1)).toEqual({ text: all.split(/(?<=\n)/).at(-1), position: all.length });
    expect(await linesFrom(path, all.length)).toEqual({ text: '', position: all.length });
    await written(path, 1, 1_000, 100);
    expect(messagesIn(wholeText(path))).toEqual(numbered(101));
    // What was left plain is compressed by the next opening.
    expect(namesOf(path).filter((name) => /\d$/.test(name))).toEqual([]);
  });

  test('tells of parts that are gone or damaged, and goes on behind them', async () => {
    const path = newLogPath();
    await written(path, 200);
    const all = wholeText(path);
    const parts = partsOf(path);
    const [gone, damaged, foreign, cut] = [0, 2, 4, 6].map((at) => parts[at]!);
    const file = (name: string) => path.replace(/[^/]*$/, name);
    rmSync(file(gone!.name));
    const bytes = readFileSync(file(damaged!.name));
    bytes.fill(0, 20, 60);
    writeFileSync(file(damaged!.name), bytes);
    writeFileSync(file(foreign!.name), gzipSync(foreign!.text));
    writeFileSync(file(cut!.name), '');

    const out = new Reader();
    await followLog(path, 0, out).more();
    const notice = ({ start, end }: { start: number; end: number }) =>
      `[Bytes ${start} to ${end} of this log are no longer there; it goes on at byte ${end}]\n`;
    let expected = '';
    for (const part of [gone!, parts[1]!, damaged!, parts[3]!, foreign!, parts[5]!, cut!]) {
      expected += [parts[1], parts[3], parts[5]].includes(part) ? part.text : notice(part);
    }
    expect(await out.all()).toBe(expected + all.slice(cut!.end));
    // The last lines end where they do not join any more.
    expect(await lastLines(path, 1_000)).toEqual({ text: all.slice(cut!.end), position: all.length });
  });

  test('does not need the record of where the current file begins to be whole', async () => {
    const path = newLogPath();
    await written(path, 100);
    const all = wholeText(path);
    writeFileSync(`${path}.start`, '');
    expect(await lastLines(path, 1_000)).toEqual({ text: all, position: all.length });
    await written(path, 1, 1_000, 100);
    expect(messagesIn(wholeText(path))).toEqual(numbered(101));
    expect(readFileSync(`${path}.start`, 'utf8')).toMatch(/^[1-9]\d+\n$/);
  });
});

describe('what a writer left that was killed', () => {
  test('in the middle of a line is ended, and not in the middle of a character', async () => {
    for (const torn of ['half a line', 'half a character \xe0\xb8', '\xf0\x9f\x98']) {
      const path = newLogPath();
      await written(path, 50);
      appendFileSync(path, Buffer.from(torn, 'latin1'));
      const before = await lastLines(path, 1);
      const out = new Reader();
      const follower = followLog(path, before.position, out);
      await follower.more();
      await written(path, 1, 1_000, 50);
      await follower.more();
      expect(await out.all()).toMatch(/^\n.*line 50\n$/);
      const whole = torn.replace(/[^ -~]+$/, '');
      expect(wholeText(path)).toMatch(new RegExp(`line 49\\n${whole}\\n.*line 50\\n$`));
    }
  });

  test('half done is finished or removed by the next opening', async () => {
    const path = newLogPath();
    await written(path, 60);
    const all = wholeText(path);
    const [first, second] = partsOf(path);
    const folder = path.replace(/[^/]*$/, '');
    // The first was compressed but not removed; of the second nothing whole was written yet.
    writeFileSync(`${folder}${first!.name.replace('.gz', '')}`, first!.text);
    writeFileSync(`${folder}${second!.name.replace('.gz', '')}`, second!.text);
    renameSync(`${folder}${second!.name}`, `${folder}${second!.name.replace('.gz', '.gz.1234.part')}`);
    writeFileSync(`${path}.start.1234.part`, '12');
    expect(await lastLines(path, 1_000)).toEqual({ text: all, position: all.length });

    await openLog(path).close();
    expect(wholeText(path)).toBe(all);
    expect(namesOf(path).filter((name) => /part$|-\d+$/.test(name))).toEqual([]);
  });
});

test('a compressed part is what gunzip unpacks, and can be read from any place', async () => {
  const path = newLogPath();
  // More than one block of 128 KB.
  await written(path, 20_000, 900_000);
  const [part] = partsOf(path);
  const packed = readFileSync(path.replace(/[^/]*$/, part!.name));
  expect(String(gunzipSync(packed))).toBe(part!.text);
  expect(packed.length).toBeLessThan(part!.text.length / 5);
  for (const at of [0, 1, 131_071, 131_072, 131_073, 500_000, part!.end - 100]) {
    const { text, position } = await linesFrom(path, at);
    expect(text.length).toBeGreaterThan(0);
    expect(text).toBe(part!.text.slice(at, position));
  }
});

test('whatever is written and rotated, every follower and every reader sees exactly that', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('write' as const), text: fc.string({ unit: 'grapheme' }) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('print' as const), text: fc.string({ maxLength: 200 }) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('look' as const), lines: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('follow' as const), lines: fc.nat(5) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('reopen' as const) }) },
  );
  const sizes = fc.constantFrom(1, 100, 300, 2_000);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), sizes, async (steps, rotateBytes) => {
      const path = newLogPath();
      const followers: { from: number; out: Reader; more(): Promise<void> }[] = [];
      const onWritten = () => {
        for (const follower of followers) void follower.more();
      };
      const open = () => openLog(path, { onWritten, limits: { rotateBytes } });
      const follow = async (lines: number) => {
        const { text, position } = await lastLines(path, lines);
        const out = new Reader(lines === 0 ? 1 : 1 << 20);
        out.text = text;
        followers.push({ from: position - Buffer.byteLength(text), out, ...followLog(path, position, out) });
      };
      const looks: { text: string; position: number }[] = [];
      let log = open();
      let stream = new PassThrough();
      log.copy('runner', stream);
      await follow(3);
      for (const one of steps) {
        if (one.type === 'write') log.write('INFO', 'runner', one.text);
        if (one.type === 'print') stream.write(one.text);
        if (one.type === 'look') looks.push(await lastLines(path, one.lines));
        if (one.type === 'follow') await follow(one.lines);
        if (one.type === 'wait') for (let turn = 0; turn < one.turns; turn += 1) await new Promise(setImmediate);
        if (one.type === 'reopen') {
          await log.close();
          log = open();
          stream = new PassThrough();
          log.copy('runner', stream);
        }
      }
      await log.close();
      const all = Buffer.from(wholeText(path));
      for (const { text, position } of looks) {
        expect(String(all.subarray(position - Buffer.byteLength(text), position))).toBe(text);
      }
      for (const { from, out, more } of followers) {
        await more();
        expect(await out.all()).toBe(String(all.subarray(from)));
      }
      expect(log.failure).toBeUndefined();
      expect(modesOf(path)).toEqual(['600']);
    }),
    { numRuns: 60 },
  );
});

const BUSY_WRITER = `
  import { JobLog } from './src/logs/job-log.ts';
  const log = new JobLog(process.argv[2], { now: Date.now, limits: { rotateBytes: 2_000 } });
  let line = 0;
  const write = async () => {
    for (let n = 0; n < 30; n++) log.write('INFO', 'runner', 'line ' + line++);
    if (line < 10_000) return setTimeout(write, 1);
    await log.close();
    process.exitCode = log.failures;
  };
  write();`;

test('readers in another process see the same, while it is written, rotated and compressed', async () => {
  const path = newLogPath();
  const writer = await startWriter(BUSY_WRITER, [path]);
  const ended = once(writer, 'exit');
  const out = new Reader();
  const follower = followLog(path, 0, out);
  const looks: { text: string; position: number }[] = [];
  const hasEnded = () => writer.exitCode !== null || writer.signalCode !== null;
  const follow = async () => {
    while (!hasEnded()) await follower.more();
  };
  const look = async (lines: number) => {
    while (!hasEnded()) looks.push(await lastLines(path, lines));
  };
  await Promise.all([follow(), look(1), look(1), look(1), look(70)]);
  expect((await ended)[0]).toBe(0);
  await follower.more();
  const all = wholeText(path);
  expect(partsOf(path).length).toBeGreaterThan(200);
  expect((await out.all()) === all).toBe(true);
  expect(looks.length).toBeGreaterThan(100);
  for (const { text, position } of looks) expect(all.slice(position - text.length, position)).toBe(text);
});
