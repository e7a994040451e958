import { appendFileSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { followLog } from '../../src/logs/follow.ts';
import { lastLines } from '../../src/logs/tail.ts';
import { scratchPath } from '../support/scratch.ts';

let files = 0;
function log(content = ''): string {
  files += 1;
  const path = scratchPath(`follow-${files}.log`);
  writeFileSync(path, content);
  return path;
}

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

test('what a writer adds arrives with no gap and no repeat, however its writes fall', async () => {
  const pieces = fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.boolean()), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.constantFrom(1, 1 << 20), async (steps, room) => {
      const path = log();
      const out = new Reader(room);
      const follower = followLog(path, 0, out);
      let written = '';
      for (const [bytes, look] of steps) {
        // Letters and line ends, in bytes; the property is about where the writes are cut.
        const text = Buffer.from(bytes.map((byte) => (byte % 7 === 0 ? 10 : 97 + (byte % 26)))).toString();
        written += text;
        appendFileSync(path, text);
        if (look) void follower.more();
      }
      appendFileSync(path, '\n');
      await follower.more();
      expect(await out.all()).toBe(`${written}\n`);
    }),
    { numRuns: 60 },
  );
});

test('it goes on while it is being written to', async () => {
  const path = log();
  const out = new Reader(64);
  const follower = followLog(path, 0, out);
  const lines = Array.from({ length: 500 }, (_, number) => `line ${number} ก😀é\n`);
  for (const line of lines) {
    const half = Math.floor(Buffer.byteLength(line) / 2);
    await appendFile(path, Buffer.from(line).subarray(0, half));
    void follower.more();
    await appendFile(path, Buffer.from(line).subarray(half));
    void follower.more();
  }
  await follower.more();
  expect(await out.all()).toBe(lines.join(''));
});

test('it goes on exactly where the last lines ended, in the middle of a line too', async () => {
  const path = log('one\ntwo\nthr');
  const { text, position } = await lastLines(path, 2);
  const out = new Reader();
  const follower = followLog(path, position, out);
  await follower.more();
  appendFileSync(path, 'ee\nfour\n');
  await follower.more();
  expect(text + (await out.all())).toBe('two\nthree\nfour\n');
});

test('a line larger than what is read at once arrives too, and what comes after it', async () => {
  const text = `${'ก'.repeat(1_000_000)}\nafter\n`;
  const path = log(text);
  const out = new Reader();
  await followLog(path, 0, out).more();
  expect((await out.all()) === text).toBe(true);
});

test('a reader that went away ends it', async () => {
  const path = log('one\n'.repeat(1000));
  const out = new Reader(1);
  const follower = followLog(path, 0, out);
  out.destroy();
  await follower.more();
  expect(out.text).toBe('');
});

test('a reader that goes away while it is waited for ends it', async () => {
  const path = log('one\n');
  let told: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    told = resolve;
  });
  const out = new Writable({ highWaterMark: 1, write: () => told() });
  const done = followLog(path, 0, out).more();
  await waiting;
  out.destroy();
  await done;
});
