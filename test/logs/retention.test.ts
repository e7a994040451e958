import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { logFileName } from '../../src/logs/log-file.ts';
import { cleanupLogs, logFiles } from '../../src/logs/retention.ts';
import { lastLines, linesFrom } from '../../src/logs/tail.ts';
import { scratchPath } from '../support/scratch.ts';
import { messagesIn, NOON, openLog, partsOf } from './support.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const WEEK = { now: NOON, days: 7 };

let folders = 0;
function newFolder(): string {
  folders += 1;
  const folder = scratchPath(`kept-${folders}`);
  mkdirSync(folder);
  return folder;
}

/** A file of 100 bytes that was last written so many days before noon. */
function put(folder: string, name: string, daysOld: number, bytes = 100): void {
  const path = join(folder, name);
  writeFileSync(path, 'x'.repeat(bytes));
  const time = new Date(NOON - daysOld * DAY_MS);
  utimesSync(path, time, time);
}

function names(folder: string): string[] {
  return readdirSync(folder).sort();
}

/** A real log of so many lines in parts of 1,000 bytes. */
async function write(folder: string, jobId: number, lines: number): Promise<string> {
  const path = join(folder, logFileName(jobId));
  const log = openLog(path, { limits: { rotateBytes: 1_000 } });
  for (let line = 0; line < lines; line += 1) log.write('INFO', 'runner', `line ${line}`);
  await log.close();
  return path;
}

test('there are none in a folder that does not exist', async () => {
  expect(await logFiles(scratchPath('nowhere'))).toEqual({ files: 0, bytes: 0 });
  expect(await cleanupLogs(scratchPath('nowhere'), WEEK)).toEqual({ files: 0, bytes: 0 });
});

test('what is older than so many days goes, and nothing else', async () => {
  const folder = newFolder();
  put(folder, 'transcribe_job_1.log', 7.1);
  put(folder, 'transcribe_job_1.log.0-100.gz', 9);
  put(folder, 'transcribe_job_1.log.start', 9);
  put(folder, 'transcribe_job_2.log', 6.9);
  put(folder, 'transcribe_job_2.log.0-100.gz', 8);
  put(folder, 'transcribe_job_2.log.100-200.gz', 6.95);
  put(folder, 'transcribe_job_2.log.start', 8);
  put(folder, 'notes.txt', 99);
  mkdirSync(join(folder, 'transcribe_job_3.log'));
  expect(await logFiles(folder)).toEqual({ files: 7, bytes: 700 });
  expect(await cleanupLogs(folder, WEEK)).toEqual({ files: 3, bytes: 300 });
  expect(names(folder)).toEqual([
    'notes.txt',
    'transcribe_job_2.log',
    'transcribe_job_2.log.100-200.gz',
    'transcribe_job_2.log.start',
    'transcribe_job_3.log',
  ]);
});

test('what is in use stays, but for old parts; so does the log of the service', async () => {
  const folder = newFolder();
  for (const log of ['transcribe_job_1.log', 'longhand.log']) {
    put(folder, log, 30);
    put(folder, `${log}.0-100.gz`, 31);
    put(folder, `${log}.start`, 31);
  }
  expect(await cleanupLogs(folder, { ...WEEK, spare: (jobId) => jobId === '1' })).toEqual({ files: 2, bytes: 200 });
  expect(names(folder)).toEqual(
    ['longhand.log', 'longhand.log.start', 'transcribe_job_1.log', 'transcribe_job_1.log.start'].sort(),
  );
});

test('a job that begins while logs are deleted keeps its log', async () => {
  const folder = newFolder();
  put(folder, 'transcribe_job_1.log', 30);
  put(folder, 'transcribe_job_2.log', 30);
  const begun = new Set<string>();
  const spare = (jobId: string) => {
    // It begins when the other one's log is deleted.
    if (!existsSync(join(folder, 'transcribe_job_1.log'))) begun.add('2');
    return begun.has(jobId);
  };
  expect(await cleanupLogs(folder, { ...WEEK, spare })).toEqual({ files: 1, bytes: 100 });
  expect(names(folder)).toEqual(['transcribe_job_2.log']);
});

describe('over the total', () => {
  function fill(): string {
    const folder = newFolder();
    put(folder, 'transcribe_job_1.log', 5);
    put(folder, 'transcribe_job_1.log.0-100.gz', 5);
    put(folder, 'transcribe_job_2.log', 1);
    put(folder, 'transcribe_job_2.log.0-100.gz', 4);
    put(folder, 'transcribe_job_3.log', 3);
    return folder;
  }

  test.each([
    [500, []],
    [499, ['transcribe_job_1.log.0-100.gz']],
    [300, ['transcribe_job_1.log', 'transcribe_job_1.log.0-100.gz']],
    [299, ['transcribe_job_1.log', 'transcribe_job_1.log.0-100.gz', 'transcribe_job_2.log.0-100.gz']],
    [0, names(fill())],
  ])('of %d bytes the oldest go first', async (totalBytes, expected) => {
    const folder = fill();
    const before = names(folder);
    const deleted = await cleanupLogs(folder, { ...WEEK, totalBytes });
    expect(deleted).toEqual({ files: expected.length, bytes: 100 * expected.length });
    expect(before.filter((name) => !names(folder).includes(name))).toEqual(expected);
  });

  test('what is in use stays', async () => {
    const folder = fill();
    await cleanupLogs(folder, { ...WEEK, totalBytes: 0, spare: () => true });
    expect(names(folder)).toEqual(['transcribe_job_1.log', 'transcribe_job_2.log', 'transcribe_job_3.log']);
  });
});

test('a job over its share loses its oldest parts', async () => {
  const folder = newFolder();
  put(folder, 'transcribe_job_1.log', 0, 300);
  for (const [at, start] of [0, 9, 100].entries()) put(folder, `transcribe_job_1.log.${start}-${start + 9}.gz`, 3 - at);
  put(folder, 'transcribe_job_2.log', 0, 900);
  put(folder, 'transcribe_job_3.log', 0, 100);
  put(folder, 'transcribe_job_3.log.0-9.gz', 0, 100);
  expect(await cleanupLogs(folder, { ...WEEK, bytesPerJob: 400 })).toEqual({ files: 2, bytes: 200 });
  expect(names(folder)).toEqual([
    'transcribe_job_1.log',
    'transcribe_job_1.log.100-109.gz',
    'transcribe_job_2.log',
    'transcribe_job_3.log',
    'transcribe_job_3.log.0-9.gz',
  ]);
});

test('a log goes on at its position when all its parts were deleted', async () => {
  const folder = newFolder();
  const path = await write(folder, 7, 100);
  const before = await lastLines(path, 1_000);
  const log = openLog(path, { limits: { rotateBytes: 1_000 } });
  const { files } = await cleanupLogs(folder, { now: Date.now(), days: 7, totalBytes: 0, spare: () => true });
  expect(files).toBe(5);
  for (let line = 100; line < 200; line += 1) log.write('INFO', 'runner', `line ${line}`);
  await log.close();
  const after = await lastLines(path, 100);
  expect(messagesIn(after.text)).toEqual(Array.from({ length: 100 }, (_, line) => `line ${100 + line}`));
  expect(after.position).toBe(before.position + after.text.length);
  // Who had read up to there goes on with no gap; who had not is told of one.
  expect((await linesFrom(path, before.position)).text).toMatch(/^.*line 100\n/);
  const [oldest] = partsOf(path);
  expect(await linesFrom(path, 5)).toEqual({
    text: `[Bytes 5 to ${oldest?.start} of this log are no longer there; it goes on at byte ${oldest?.start}]\n`,
    position: oldest?.start,
  });
});

test('what a killed writer left is finished or removed, of logs that nobody uses', async () => {
  const folder = newFolder();
  for (const log of ['transcribe_job_1.log', 'transcribe_job_2.log']) {
    put(folder, log, 1);
    put(folder, `${log}.0-100`, 2);
    put(folder, `${log}.100-200`, 1);
    put(folder, `${log}.100-200.gz`, 1);
    put(folder, `${log}.100-200.gz.1234.part`, 1);
  }
  const before = names(folder);
  expect(await cleanupLogs(folder, { ...WEEK, spare: (jobId) => jobId === '2' })).toEqual({ files: 0, bytes: 0 });
  expect(names(folder)).toEqual([
    'transcribe_job_1.log',
    'transcribe_job_1.log.0-100.gz',
    'transcribe_job_1.log.100-200.gz',
    ...before.filter((name) => name.startsWith('transcribe_job_2')),
  ]);
  const compressed = join(folder, 'transcribe_job_1.log.0-100.gz');
  expect(String(gunzipSync(readFileSync(compressed)))).toBe('x'.repeat(100));
  // It is as old as what it was made of.
  expect(statSync(compressed).mtimeMs).toBe(NOON - 2 * DAY_MS);
  expect(statSync(compressed).mode & 0o777).toBe(0o600);
});
