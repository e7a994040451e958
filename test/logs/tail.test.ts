import { appendFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastLines, linesFrom } from '../../src/logs/tail.ts';
import { scratchPath } from '../support/scratch.ts';

/** The reader goes backwards in blocks of this size. */
const BLOCK_BYTES = 64 * 1024;

let files = 0;
function log(content: string | Uint8Array): string {
  files += 1;
  const path = scratchPath(`${files}.log`);
  writeFileSync(path, content);
  return path;
}

/** The last lines as one would take them from the whole text. */
function lastOf(text: string, lines: number): string {
  if (lines <= 0) return '';
  const all = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return all.slice(-lines).join('');
}

describe('the last lines', () => {
  test.each([
    ['', 5, ''],
    ['\n', 1, '\n'],
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\nc\n', 3, 'a\nb\nc\n'],
    ['a\nb\nc\n', 99, 'a\nb\nc\n'],
    ['a\nb\nc\n', 0, ''],
    ['a\n\n\n', 2, '\n\n'],
    ['\na', 1, 'a'],
    ['กข\n😀é\n', 1, '😀é\n'],
  ])('of %j, %d of them, are %j', async (text, lines, expected) => {
    expect(await lastLines(log(text), lines)).toEqual({ text: expected, position: Buffer.byteLength(text) });
  });

  test('of a log that does not exist are none', async () => {
    expect(await lastLines(scratchPath('none.log'), 5)).toEqual({ text: '', position: 0 });
  });

  test.each([-2, -1, 0, 1, 2])('are right when a line begins %d bytes from where a block does', async (offset) => {
    for (const blocks of [1, 2]) {
      const tail = `${'x'.repeat(blocks * BLOCK_BYTES + offset - 1)}\n`;
      const text = `first\nsecond\n${tail}`;
      const path = log(text);
      expect((await lastLines(path, 1)).text).toBe(tail);
      expect((await lastLines(path, 2)).text).toBe(`second\n${tail}`);
      expect((await lastLines(path, 3)).text).toBe(text);
    }
  });

  test('are whole when a line is larger than many blocks', async () => {
    const huge = 'ก'.repeat(400_000);
    const path = log(`before\n${huge}\nafter\n`);
    expect((await lastLines(path, 1)).text).toBe('after\n');
    expect((await lastLines(path, 2)).text).toBe(`${huge}\nafter\n`);
    expect((await lastLines(path, 3)).text).toBe(`before\n${huge}\nafter\n`);
  });

  test('are those of the whole text, whatever it is', async () => {
    const line = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('é'.repeat(BLOCK_BYTES / 2)), fc.constant(''));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.boolean(), fc.nat(9), async (lines, ended, wanted) => {
        const text = lines.map((one) => one.replaceAll('\n', '')).join('\n') + (ended && lines.length > 0 ? '\n' : '');
        expect((await lastLines(log(text), wanted)).text).toBe(lastOf(text, wanted));
      }),
      { numRuns: 60 },
    );
  });

  test.each(['é', 'ก', '😀'])('leave a last character that is half written (%s) to the follower', async (character) => {
    const bytes = Buffer.from(`a\nb${character}`);
    for (let missing = 1; missing < Buffer.byteLength(character); missing += 1) {
      const path = log(bytes.subarray(0, bytes.length - missing));
      const tail = await lastLines(path, 1);
      expect(tail).toEqual({ text: 'b', position: 3 });
      appendFileSync(path, bytes.subarray(bytes.length - missing));
      appendFileSync(path, '\n');
      expect((await linesFrom(path, tail.position)).text).toBe(`${character}\n`);
    }
  });
});

test('however many lines are wanted, no more than 16 MB of them come', async () => {
  const line = `${'x'.repeat(99)}\n`;
  const path = log(line.repeat(200_000));
  const { text, position } = await lastLines(path, 1_000_000);
  expect(position).toBe(20_000_000);
  expect(text.length).toBeGreaterThan(16_000_000);
  expect(text.length).toBeLessThan(17_000_000);
  expect(text.startsWith(line)).toBe(true);
});

describe('lines from a position', () => {
  test('are whole ones; the rest waits for its end', async () => {
    const path = log('one\ntwo\nthr');
    const piece = await linesFrom(path, 4);
    expect(piece).toEqual({ text: 'two\n', position: 8 });
    expect(await linesFrom(path, piece.position)).toEqual({ text: '', position: 8 });
    appendFileSync(path, 'ee\n');
    expect(await linesFrom(path, piece.position)).toEqual({ text: 'three\n', position: 14 });
  });

  test('are none at the end', async () => {
    expect(await linesFrom(log('one\n'), 4)).toEqual({ text: '', position: 4 });
    expect(await linesFrom(scratchPath('none.log'), 0)).toEqual({ text: '', position: 0 });
  });

  test.each([
    ['one\n', 99, 4],
    ['', 1, 0],
  ])('of %j from byte %d, which was lost, begin at the end, and say so', async (text, position, end) => {
    const notice = `[This log ends before byte ${position}; it goes on at byte ${end}]\n`;
    expect(await linesFrom(log(text), position)).toEqual({ text: notice, position: end });
  });
});
