import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  asTyped,
  byteSize,
  clockTime,
  exitCodeOf,
  print,
  printJson,
  say,
  sayError,
  shown,
  table,
} from '../../src/cli/output.ts';
import { EXIT } from '../../src/cli/shell.ts';
import { DiskError, InputError, UsageError } from '../../src/domain/errors.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What an action writes to the two streams. */
function written(action: () => void): { out: string; err: string } {
  const texts = { out: '', err: '' };
  const keep = (stream: 'out' | 'err') => (text: string | Uint8Array) => {
    texts[stream] += text;
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(keep('err'));
  action();
  vi.restoreAllMocks();
  return texts;
}

test('results go to standard output, each ending its line once', () => {
  expect(written(() => print('text'))).toEqual({ out: 'text\n', err: '' });
  expect(written(() => print('text\n'))).toEqual({ out: 'text\n', err: '' });
  expect(written(() => print(''))).toEqual({ out: '', err: '' });
  expect(JSON.parse(written(() => printJson({ id: 1, text: 'ก\n' })).out)).toEqual({ id: 1, text: 'ก\n' });
});

test('everything else goes to standard error', () => {
  expect(written(() => say('Job 1'))).toEqual({ out: '', err: 'Job 1\n' });
});

describe('an error is told', () => {
  test('with what to do', () => {
    const { out, err } = written(() => sayError(new DiskError('The disk is full.', 'Free some space.')));
    expect(out).toBe('');
    expect(err).toBe('longhand: The disk is full.\n  Free some space.\n');
  });

  test('without what is only for a bug report', () => {
    vi.stubEnv('LONGHAND_DEBUG', '');
    const { err } = written(() => sayError(new InputError('It is empty.', { evidence: 'moov atom not found' })));
    expect(err).toBe('longhand: It is empty.\n');
    expect(written(() => sayError(new TypeError('x is undefined'))).err).toBe('longhand: x is undefined\n');
  });

  test('with the evidence of a bug for those who ask for it', () => {
    vi.stubEnv('LONGHAND_DEBUG', '1');
    expect(written(() => sayError(new TypeError('x is undefined'))).err).toContain('output.test.ts');
  });
});

test('wrong usage has an exit code of its own', () => {
  expect(exitCodeOf(new UsageError('no'))).toBe(EXIT.usage);
  expect(exitCodeOf(new InputError('no'))).toBe(EXIT.failed);
  expect(exitCodeOf(new Error('no'))).toBe(EXIT.failed);
  expect(EXIT).toMatchObject({ done: 0, failed: 1, usage: 2, interrupted: 130 });
});

test('columns are as wide as their widest cell, the last one as it is', () => {
  expect(
    table([
      ['1', 'interview.flac', 'done'],
      ['12', 'x', 'failed'],
    ]),
  ).toBe('1   interview.flac  done\n12  x               failed');
  expect(table([['alone']])).toBe('alone');
  expect(table([])).toBe('');
  expect(table([['a', 'b'], ['longer']])).toBe('a       b\nlonger');
});

test('a name from outside cannot act on the terminal', () => {
  expect(shown('a\u001b[2Jb\nc')).toBe('a\\x1b[2Jb\\x0ac');
  expect(shown('ไทย 😀.wav')).toBe('ไทย 😀.wav');
});

test.each([
  [0, '0:00'],
  [5, '0:05'],
  [59.6, '1:00'],
  [75, '1:15'],
  [3599.4, '59:59'],
  [3600, '1:00:00'],
  [3675, '1:01:15'],
  [360_000, '100:00:00'],
  [-3, '0:00'],
])('%d seconds are %s', (seconds, text) => {
  expect(clockTime(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KB'],
  [1536, '1.5 KB'],
  [5 * 1024 ** 2, '5.0 MB'],
  [1024 ** 3, '1.0 GB'],
  [3 * 1024 ** 4, '3.0 TB'],
  [5000 * 1024 ** 4, '5000.0 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});

test('advice names the command as it can be typed', () => {
  const advice = 'Run: longhand models pull base && longhand doctor. The folder is /home/longhand shared.';
  expect(asTyped(advice, {})).toBe(advice);
  for (const env of [{ npm_command: 'exec' }, { npm_lifecycle_event: 'transcribe' }]) {
    const typed = asTyped(advice, env);
    expect(typed).toBe(
      'Run: npx longhand models pull base && npx longhand doctor. The folder is /home/longhand shared.',
    );
    expect(asTyped(typed, env)).toBe(typed);
  }
});
