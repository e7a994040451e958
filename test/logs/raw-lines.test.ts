import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RawLines } from '../../src/logs/raw-lines.ts';
import { redactor } from '../../src/logs/redact.ts';

const SECRET = 'sk-ไทย-1234567890';

/** What becomes of these chunks. */
function linesOf(chunks: (string | Uint8Array)[], secrets: string[] = []): string[] {
  const lines = new RawLines(redactor(secrets));
  const text = chunks.map((chunk) => lines.push(Buffer.from(chunk as string), '> ')).join('') + lines.end('> ');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}

/** The bytes in pieces of these lengths. */
function split(bytes: Buffer, lengths: number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...pieces, bytes.subarray(at)];
}

test.each<[(string | Uint8Array)[], string[]]>([
  [[], []],
  [['one\ntwo\n'], ['> one', '> two']],
  [
    ['one\ntw', 'o'],
    ['> one', '> two'],
  ],
  [['\n\n'], ['> ', '> ']],
  [['one\r\ntwo\r\n'], ['> one', '> two']],
  [
    ['one\r', '\ntwo'],
    ['> one', '> two'],
  ],
  [
    ['one\r', '\r', '\n'],
    ['> one', '> '],
  ],
  [['10%\r20%\r'], ['> 10%', '> 20%']],
  [['a\tb \u001b[31mred\u0000'], ['> a b \\x1b[31mred\\x00']],
  [[Buffer.from([0xe0, 0xb8]), Buffer.from([0x81, 0x0a])], ['> ก']],
  [[Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a])], ['> a\ufffd\ufffdb']],
  [[Buffer.from([0x61, 0xe0])], ['> a\ufffd']],
])('%j is %j', (chunks, lines) => {
  expect(linesOf(chunks)).toEqual(lines);
});

test('a prefix with a dollar sign stays as it is', () => {
  expect(new RawLines(redactor([])).push(Buffer.from('a\nb\n'), "$& $' $$ ")).toBe("$& $' $$ a\n$& $' $$ b\n");
});

test('however bytes are split, they make the same lines', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(SECRET, 'x'.repeat(4_000), 'y'.repeat(8_001), `${'z'.repeat(7_995)}${SECRET}`, 'ก'.repeat(9_000)),
  );
  const ends = fc.constantFrom('\n', '\r\n', '\r', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(line, ends), { maxLength: 8 }), fc.array(fc.nat(9_000)), (lines, lengths) => {
      const bytes = Buffer.from(lines.flat().join(''));
      const whole = linesOf([bytes], [SECRET]);
      const pieces = linesOf(split(bytes, lengths), [SECRET]);
      // Of a line that was passed over bytes are counted, so the number depends on the split. The rest does not.
      const uncounted = (text: string) => text.replace(/\[\d+ more/, '[some more');
      expect(pieces.map(uncounted)).toEqual(whole.map(uncounted));
    }),
    { numRuns: 300 },
  );
});

describe('a line that is too long', () => {
  test('is cut, and says by how much', () => {
    expect(linesOf([`${'x'.repeat(5_000)}\nnext`])).toEqual([
      `> ${'x'.repeat(4_000)} [1000 more characters cut]`,
      '> next',
    ]);
  });

  test('is not kept while it goes on, and the next one is whole', () => {
    const million = Buffer.alloc(1_000_000, 'x');
    const lines = linesOf([...Array.from({ length: 50 }, () => million), 'end\nnext\n']);
    expect(lines).toEqual([`> ${'x'.repeat(4_000)} [49996003 more characters cut]`, '> next']);
  });

  test.each(['\n', '\r\n', '\r'])('ends with %j as any line does', (end) => {
    expect(linesOf(['x'.repeat(9_000), `x${end}next`])[1]).toBe('> next');
  });

  test('of control characters is cut by what is shown of it', () => {
    const [line] = linesOf([Buffer.alloc(1_000_000)]);
    expect(line).toMatch(/^> (\\x00){1000} \[1\d+ more characters cut\]$/);
  });
});

describe('a secret', () => {
  const whole = `before ${SECRET} after\n`;
  const shown = ['> before [hidden] after'];

  test('is hidden wherever it is split', () => {
    const bytes = Buffer.from(whole);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(linesOf([bytes.subarray(0, at), bytes.subarray(at)], [SECRET])).toEqual(shown);
    }
    expect(
      linesOf(
        [...bytes].map((byte) => Buffer.from([byte])),
        [SECRET],
      ),
    ).toEqual(shown);
  });

  test('shows no part of itself where a line is cut', () => {
    // It goes over every place where something is cut: what is shown, and what is kept.
    for (const start of [3_980, 3_995, 4_000, 7_980, 7_990, 7_998, 8_000]) {
      for (const chunks of [[start + 5], [start, 1, 1, 1], []]) {
        const bytes = Buffer.from(`${'x'.repeat(start)}${SECRET}${'y'.repeat(5_000)}`);
        const [line] = linesOf(split(bytes, chunks), [SECRET]);
        expect(line).not.toContain('sk-ไ');
      }
    }
  });

  test('that shortens the line brings nothing of another one into sight', () => {
    // Hiding the first ones makes room for what is held behind them.
    const bytes = Buffer.from(`${SECRET.repeat(400)}${'x'.repeat(1_195)}${SECRET}${'x'.repeat(99)}`);
    const [line] = linesOf(split(bytes, [100, 5_000]), [SECRET]);
    expect(line).not.toMatch(/sk-ไ|345/);
  });

  test('that has only begun when the output ends shows nothing of itself', () => {
    expect(linesOf([`key ${SECRET.slice(0, 9)}`], [SECRET])).toEqual(['> key [hidden]']);
  });
});
