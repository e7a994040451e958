/** Programs that print more than anybody wants to read. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { JobLog } from '../../src/logs/job-log.ts';
import { messagesIn, newLogPath, openLog, PRINTED, wholeText } from './support.ts';

const OUTPUT_BYTES = 1_000_000;

interface Flood {
  log: JobLog;
  path: string;
  /** How the program ended: on its own. */
  exit: [code: number | null, signal: NodeJS.Signals | null];
}

/** Lets a shell command print into a log until it has ended. */
async function flood(command: string, more: { outputBytes?: number } = {}): Promise<Flood> {
  const path = newLogPath();
  const log = openLog(path, { limits: { rotateBytes: 300_000, outputBytes: OUTPUT_BYTES, ...more } });
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  log.copy('runner', child.stdout);
  log.copy('runner', child.stderr);
  const exit = (await once(child, 'close')) as Flood['exit'];
  return { log, path, exit };
}

test('a program that floods its standard error is not held up, and cut with a notice', async () => {
  const { log, path, exit } = await flood('yes "a line of the flood" | head -c 200000000 >&2');
  log.write('ERROR', 'supervisor', 'The runner ended.');
  await log.close();
  expect(exit).toEqual([0, null]);
  const text = wholeText(path);
  expect(text.length).toBeLessThan(OUTPUT_BYTES + 1_000);
  const messages = messagesIn(text);
  expect(messages.slice(-3)).toEqual([
    '[output cut: 976.6 KB reached; what programs print from here on is left out]',
    'The runner ended.',
    expect.stringMatching(/^\[output cut: 976\.6 KB reached; 190\.\d MB more were left out\]$/),
  ]);
  expect(new Set(messages.slice(0, -3))).toEqual(new Set(['a line of the flood']));
  expect(log).toMatchObject({ failures: 0, missingLines: 0 });
});

test('a line of 50 MB without an end is cut', async () => {
  const { log, path, exit } = await flood('head -c 50000000 /dev/zero; echo; echo after');
  await log.close();
  expect(exit).toEqual([0, null]);
  expect(messagesIn(wholeText(path))).toEqual([
    expect.stringMatching(/^(\\x00){1000} \[\d{8} more characters cut\]$/),
    'after',
  ]);
});

test('what is no text makes lines all the same', async () => {
  const { log, path, exit } = await flood('head -c 3000000 /dev/urandom; echo; echo after', { outputBytes: 1e9 });
  await log.close();
  expect(exit).toEqual([0, null]);
  const text = wholeText(path);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
  expect(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(text)).toBe(false);
  const lines = text.split('\n').slice(0, -1);
  expect(lines.every((line) => line.startsWith(PRINTED))).toBe(true);
  expect(lines.at(-1)).toBe(`${PRINTED}after`);
  expect(log.missingLines).toBe(0);
});

test('nothing is lost below the limit, in whatever pieces it comes', async () => {
  const { log, path } = await flood('seq 1 300000; seq 300001 400000 >&2', { outputBytes: 1e9 });
  await log.close();
  const lines = messagesIn(wholeText(path)).map(Number);
  expect(lines.sort((a, b) => a - b)).toEqual(Array.from({ length: 400_000 }, (_, line) => line + 1));
  expect(log.missingLines).toBe(0);
});

test('a descendant that holds the pipe open does not hold the log open', async () => {
  const path = newLogPath();
  const log = openLog(path);
  const child = spawn('sh', ['-c', 'sleep 1000 & echo started'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  onTestFinished(() => {
    process.kill(-(child.pid as number), 'SIGKILL');
  });
  const closed = once(child, 'close');
  log.copy('runner', child.stdout);
  await Promise.all([once(child, 'exit'), once(child.stdout, 'data')]);
  expect(child.stdout.closed).toBe(false);
  await log.close();
  expect(messagesIn(wholeText(path))).toEqual(['started']);
  await closed;
});
