import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { printable } from '../../src/logs/job-log.ts';
import { scratchPath } from '../support/scratch.ts';
import { messagesIn, modesOf, newLogPath, openLog, PRINTED, wholeText } from './support.ts';

test('a line has time, level, stage and message, and the file is private', async () => {
  const path = newLogPath();
  const log = openLog(path);
  log.write('INFO', 'transcribe', 'Processing chunk 45/100');
  log.output('WARNING', 'prepare', 'ฟัง');
  await log.close();
  await log.close();
  expect(readFileSync(path, 'utf8')).toBe(
    '2026-01-31T12:00:00.000Z INFO    transcribe  Processing chunk 45/100\n' +
      '2026-01-31T12:00:00.000Z WARNING prepare     ฟัง\n',
  );
  expect(modesOf(path)).toEqual(['600']);
  expect(log).toMatchObject({ failure: undefined, failures: 0, missingLines: 0 });
});

test('the file is there before there is a line, and private also when it was not', async () => {
  const path = newLogPath();
  await openLog(path).close();
  expect(readFileSync(path, 'utf8')).toBe('');
  chmodSync(path, 0o644);
  await openLog(path).close();
  expect(modesOf(path)).toEqual(['600']);
});

test('a second log of the same job goes on where the first ended', async () => {
  const path = newLogPath();
  for (const message of ['first', 'second']) {
    const log = openLog(path);
    log.write('INFO', 'runner', message);
    await log.close();
  }
  expect(messagesIn(readFileSync(path, 'utf8'))).toEqual(['first', 'second']);
});

test('whoever watches is told when something can be read, and may fail', async () => {
  const path = newLogPath();
  let seen = '';
  let told: () => void = () => undefined;
  const log = openLog(path, {
    onWritten() {
      seen = readFileSync(path, 'utf8');
      told();
      throw new Error('the watcher broke');
    },
  });
  for (const message of ['one', 'two']) {
    const written = new Promise<void>((resolve) => {
      told = resolve;
    });
    log.write('INFO', 'runner', message);
    await written;
    expect(messagesIn(seen).at(-1)).toBe(message);
  }
  await log.close();
  expect(log).toMatchObject({ failures: 2, missingLines: 0, failure: { message: 'the watcher broke' } });
});

test('lines of less than the least level are not written', async () => {
  const path = newLogPath();
  const log = openLog(path, { level: 'WARNING' });
  const stream = new PassThrough();
  log.copy('runner', stream);
  stream.end('printed\n');
  for (const level of ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const) {
    log.write(level, 'runner', `ours: ${level}`);
    log.output(level, 'runner', `sent: ${level}`);
  }
  await log.close();
  const ours = ['ours: WARNING', 'sent: WARNING', 'ours: ERROR', 'sent: ERROR'];
  expect(messagesIn(readFileSync(path, 'utf8')).filter((message) => message !== 'printed')).toEqual(ours);
});

describe('a log that cannot be written', () => {
  test('fails nothing, says why, and counts what is missing', async () => {
    const log = openLog(scratchPath('no such folder/job.log'));
    log.write('INFO', 'runner', 'one');
    log.output('INFO', 'runner', 'two');
    await log.close();
    log.write('INFO', 'runner', 'three');
    await log.close();
    expect((log.failure as NodeJS.ErrnoException).code).toBe('ENOENT');
    expect(log.failures).toBeGreaterThan(0);
    expect(log.missingLines).toBe(2);
  });

  test('is written as soon as it can be, with everything that was said meanwhile', async () => {
    const path = join(newLogPath(), 'job.log');
    let told: () => void = () => undefined;
    const written = new Promise<void>((resolve) => {
      told = resolve;
    });
    const log = openLog(path, { onWritten: () => told() });
    log.write('INFO', 'runner', 'one');
    // The failure is known when the file could not be opened, which takes some turns of the event loop.
    while (log.failures === 0) await new Promise(setImmediate);
    log.write('INFO', 'runner', 'two');
    mkdirSync(dirname(path));
    await written;
    log.write('INFO', 'runner', 'three');
    await log.close();
    expect(messagesIn(readFileSync(path, 'utf8'))).toEqual(['one', 'two', 'three']);
    expect(log.missingLines).toBe(0);
  });

  test.each([
    [false, 'they came faster than it can be written'],
    [true, "the log could not be written (ENOENT: no such file or directory, open '.*')"],
  ])('tells how many lines are missing when too many waited, and why (it had failed: %s)', async (failed, why) => {
    const path = join(newLogPath(), 'job.log');
    const log = openLog(path);
    while (failed && log.failures === 0) await new Promise(setImmediate);
    const message = 'x'.repeat(1_000);
    while (log.missingLines < 10) log.write('INFO', 'runner', message);
    mkdirSync(dirname(path));
    await log.close();
    const messages = messagesIn(wholeText(path));
    const notice = messages.pop()?.replace(/open '.*'/, "open '.*'");
    expect(notice).toBe(`[10 lines are missing here: ${why}]`);
    expect(new Set(messages)).toEqual(new Set([message]));
    // 17 MB waited.
    expect(messages.length).toBeGreaterThan(16_000);
  });
});

describe('the limit of what programs print', () => {
  /** What is in the log when 1,000 lines were said this way, below a limit of 10,000 bytes. */
  async function flooded(say: (log: ReturnType<typeof openLog>, message: string) => void): Promise<string[]> {
    const path = newLogPath();
    const log = openLog(path, { limits: { outputBytes: 10_000 } });
    for (let line = 0; line < 1_000; line += 1) say(log, `line ${line}`);
    log.write('INFO', 'supervisor', 'and this');
    await log.close();
    return messagesIn(readFileSync(path, 'utf8'));
  }

  test('does not count what is ours', async () => {
    expect(await flooded((log, message) => log.write('INFO', 'runner', message))).toHaveLength(1_001);
  });

  test('cuts what a process sends, with one notice at once and the count at the end', async () => {
    const messages = await flooded((log, message) => log.output('INFO', 'runner', message));
    const lines = messages.filter((message) => message.startsWith('line'));
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, line) => `line ${line}`));
    expect(messages.slice(lines.length)).toEqual([
      '[output cut: 9.8 KB reached; what programs print from here on is left out]',
      'and this',
      expect.stringMatching(/^\[output cut: 9\.8 KB reached; \d\d\.\d KB more were left out\]$/),
    ]);
    const bytes = lines.reduce((sum, line) => sum + PRINTED.length + line.length + 1, 0);
    expect(bytes).toBeLessThanOrEqual(10_000 * 1.125);
    expect(bytes).toBeGreaterThan(10_000);
  });

  test('cuts what is copied at the end of a line, and messages go on for a while', async () => {
    const path = newLogPath();
    const log = openLog(path, { limits: { outputBytes: 10_000 } });
    const stream = new PassThrough();
    log.copy('runner', stream);
    stream.write(Array.from({ length: 1_000 }, (_, line) => `line ${line}\n`).join(''));
    stream.write('and a line without an end');
    await new Promise((resolve) => stream.end(resolve));
    log.output('INFO', 'transcribe', 'Processing chunk 3/9');
    await log.close();
    const messages = messagesIn(readFileSync(path, 'utf8'));
    const lines = messages.filter((message) => message.startsWith('line'));
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, line) => `line ${line}`));
    expect(messages.slice(lines.length)).toEqual([
      '[output cut: 9.8 KB reached; what programs print from here on is left out]',
      'Processing chunk 3/9',
      expect.stringMatching(/^\[output cut: 9\.8 KB reached; \d\d\.\d KB more were left out\]$/),
    ]);
    const bytes = lines.reduce((sum, line) => sum + PRINTED.length + line.length + 1, 0);
    expect(bytes).toBeLessThanOrEqual(10_000);
    expect(bytes + PRINTED.length + 'line 999\n'.length).toBeGreaterThan(10_000);
  });

  test('begins anew with each opening', async () => {
    const path = newLogPath();
    for (const round of ['first', 'second']) {
      const log = openLog(path, { limits: { outputBytes: 100 } });
      log.output('INFO', 'runner', round);
      await log.close();
    }
    expect(messagesIn(readFileSync(path, 'utf8'))).toEqual(['first', 'second']);
  });
});

describe('what is copied from a stream', () => {
  test('ends with the log, when the stream does not', async () => {
    const path = newLogPath();
    const log = openLog(path);
    const stream = new PassThrough();
    log.copy('runner', stream);
    stream.write('one\ntwo without an end');
    while (stream.readableLength > 0) await new Promise(setImmediate);
    await log.close();
    expect(messagesIn(readFileSync(path, 'utf8'))).toEqual(['one', 'two without an end']);
    expect(stream.destroyed).toBe(true);
    log.copy('runner', new PassThrough());
  });

  test('may break off', async () => {
    const path = newLogPath();
    const log = openLog(path);
    const stream = new PassThrough();
    log.copy('runner', stream);
    stream.write('half a li');
    while (stream.readableLength > 0) await new Promise(setImmediate);
    stream.destroy(new Error('read EIO'));
    await new Promise((resolve) => stream.once('close', resolve));
    await log.close();
    expect(messagesIn(readFileSync(path, 'utf8')).sort()).toEqual([
      'The output cannot be read any more: read EIO',
      'half a li',
    ]);
  });

  test('comes as text, too', async () => {
    const path = newLogPath();
    const log = openLog(path);
    const stream = new PassThrough({ encoding: 'utf8' });
    log.copy('runner', stream);
    stream.end('ฟัง\n');
    await new Promise((resolve) => stream.once('close', resolve));
    await log.close();
    expect(messagesIn(readFileSync(path, 'utf8'))).toEqual(['ฟัง']);
  });
});

test('secrets are seen nowhere: neither in messages nor in stages nor in what programs print', async () => {
  const path = newLogPath();
  const log = openLog(path, { secrets: ['sk-1234567890'] });
  const stream = new PassThrough();
  log.copy('sk-1234567890', stream);
  stream.write('printed sk-12345');
  stream.end('67890\n');
  log.write('INFO', 'sk-1234567890', 'ours sk-1234567890');
  log.output('INFO', 'runner', `${'x'.repeat(7_995)}sk-1234567890${'x'.repeat(9)}`);
  log.output('INFO', 'runner', 'sent sk-1234567890');
  await new Promise((resolve) => stream.once('close', resolve));
  await log.close();
  const text = readFileSync(path, 'utf8');
  expect(text).not.toMatch(/sk-1|67890/);
  expect(text).toContain('printed [hidden]');
  expect(text).toContain('ours [hidden]');
  expect(text).toContain('sent [hidden]');
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
  const path = newLogPath();
  const log = openLog(path);
  const forged = 'x.wav\n2026-01-31T12:00:00.000Z ERROR   runner  forged';
  log.write('INFO', 'prepare', forged);
  log.output('INFO', forged, 'x');
  log.output('INFO', 'prepare', 'x'.repeat(50_000_000));
  await log.close();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[2]).toContain('[49996000 more characters cut]');
});

test('a file that is in the way is left alone', async () => {
  const path = newLogPath();
  mkdirSync(path);
  writeFileSync(join(path, 'mine'), '');
  const log = openLog(path);
  log.write('INFO', 'runner', 'one');
  await log.close();
  expect(log.missingLines).toBe(1);
  expect(existsSync(join(path, 'mine'))).toBe(true);
});
