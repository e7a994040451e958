import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { JobLog, printable } from '../../src/logs/job-log.ts';
import { scratchPath } from '../support/scratch.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

test('a line has time, level, stage and message, and the file is private', async () => {
  const path = scratchPath('job.log');
  const log = new JobLog(path, () => NOON);
  log.write('INFO', 'transcribe', 'Processing chunk 45/100');
  log.write('WARNING', 'prepare', 'ฟัง');
  await log.close();
  await log.close();
  expect(readFileSync(path, 'utf8')).toBe(
    '2026-01-31T12:00:00.000Z INFO    transcribe  Processing chunk 45/100\n' +
      '2026-01-31T12:00:00.000Z WARNING prepare     ฟัง\n',
  );
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(log.failure).toBeUndefined();
});

test('a second log of the same job goes on where the first ended', async () => {
  const path = scratchPath('again.log');
  for (const message of ['first', 'second']) {
    const log = new JobLog(path, () => NOON);
    log.write('INFO', 'runner', message);
    await log.close();
  }
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
});

test('whoever watches is told when a line can be read', async () => {
  const path = scratchPath('told.log');
  const seen: string[] = [];
  const log = new JobLog(
    path,
    () => NOON,
    () => seen.push(readFileSync(path, 'utf8')),
  );
  log.write('INFO', 'runner', 'one');
  log.write('INFO', 'runner', 'two');
  await log.close();
  expect(seen).toHaveLength(2);
  expect(seen[0]).toContain('one\n');
  expect(seen[1]).toContain('two\n');
});

test('a log that cannot be written fails nothing, and says why', async () => {
  const log = new JobLog(scratchPath('no such folder/job.log'), () => NOON);
  log.write('INFO', 'runner', 'one');
  await log.close();
  log.write('INFO', 'runner', 'two');
  await log.close();
  expect((log.failure as NodeJS.ErrnoException).code).toBe('ENOENT');
});

describe('what is printed', () => {
  test.each([
    ['two\nlines', 'two\\x0alines'],
    ['back\rover', 'back\\x0dover'],
    ['a\tb', 'a b'],
    ['\u001b[2J\u0007', '\\x1b[2J\\x07'],
    ['\u0000\u007f\u009b', '\\x00\\x7f\\x9b'],
    ['\u2028 \u2029', '\\x2028 \\x2029'],
    ['txt.\u202Eexe', 'txt.\\x202eexe'],
    ['\u2066x\u2069', '\\x2066x\\x2069'],
    ['ภาษาไทย 😀 "quotes" \\ ../', 'ภาษาไทย 😀 "quotes" \\ ../'],
  ])('of %j is %j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test('of a long line is its beginning, with a notice', () => {
    const line = printable('x'.repeat(4_010));
    expect(line).toBe(`${'x'.repeat(4_000)} [10 more characters cut]`);
    expect(printable('x'.repeat(4_000))).toBe('x'.repeat(4_000));
  });

  test('of a long line is never half a character', () => {
    const line = printable(`${'x'.repeat(3_999)}😀😀`);
    expect(line).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    expect(line).toContain('[4 more characters cut]');
  });
});

test('nothing a recording is called can break or forge a line', async () => {
  const path = scratchPath('forged.log');
  const log = new JobLog(path, () => NOON);
  log.write('INFO', 'prepare', 'x.wav\n2026-01-31T12:00:00.000Z ERROR   runner  forged');
  await log.close();
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(1);
});
