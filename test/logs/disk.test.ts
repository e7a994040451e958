import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { lastLines } from '../../src/logs/tail.ts';
import { scratchPath } from '../support/scratch.ts';
import { messagesIn, namesOf, openLog, wholeText } from './support.ts';

const mounted: string[] = [];
afterEach(() => {
  for (const folder of mounted.splice(0)) execFileSync('umount', [folder]);
});

let disks = 0;
/** The path of a log on a disk of its own. */
function logOnSmallDisk(size: string): string {
  disks += 1;
  const folder = scratchPath(`disk-${disks}`);
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  mounted.push(folder);
  return join(folder, 'transcribe_job_7.log');
}

/** Takes all the space but so much. */
function fillDisk(logPath: string, leaveBytes: number): string {
  const ballast = join(logPath, '..', 'ballast');
  const { bavail, bsize } = statfsSync(join(logPath, '..'));
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - leaveBytes));
  return ballast;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

function numbered(lines: number): string[] {
  return Array.from({ length: lines }, (_, line) => `line ${line}`);
}

// Only root may mount.
describe.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('a disk that is full', () => {
  test('loses nothing that can wait until there is space again', async () => {
    const path = logOnSmallDisk('1m');
    const ballast = fillDisk(path, 40_000);
    const log = openLog(path);
    for (let line = 0; line < 2_000; line += 1) log.write('INFO', 'runner', `line ${line}`);
    await until(() => log.failures > 0);
    // What was written of a line that did not fit was taken back.
    expect(readFileSync(path, 'utf8')).toMatch(/line \d+\n$/);
    const { position } = await lastLines(path, 1);
    expect(position).toBeGreaterThan(30_000);
    rmSync(ballast);
    await until(() => readFileSync(path, 'utf8').endsWith('line 1999\n'));
    await log.close();
    expect((log.failure as NodeJS.ErrnoException).code).toBe('ENOSPC');
    expect(log.missingLines).toBe(0);
    expect(messagesIn(wholeText(path))).toEqual(numbered(2_000));
  });

  test('is told in the log with what is missing', async () => {
    const path = logOnSmallDisk('40m');
    const ballast = fillDisk(path, 8_192);
    const log = openLog(path, { limits: { rotateBytes: 100_000_000 } });
    log.write('INFO', 'runner', 'x'.repeat(3_000));
    log.write('INFO', 'runner', 'y'.repeat(3_000));
    log.write('INFO', 'runner', 'z'.repeat(3_000));
    await until(() => log.failures > 0);
    while (log.missingLines < 3) log.write('INFO', 'runner', 'w'.repeat(3_000));
    rmSync(ballast);
    await until(() => readFileSync(path, 'utf8').includes('missing'));
    log.write('INFO', 'runner', 'after');
    await log.close();
    expect(messagesIn(readFileSync(path, 'utf8')).slice(-2)).toEqual([
      '[3 lines are missing here: the log could not be written (ENOSPC: no space left on device, write)]',
      'after',
    ]);
  });

  test('lets a log be closed, and the next one go on', async () => {
    const path = logOnSmallDisk('1m');
    const ballast = fillDisk(path, 40_000);
    const log = openLog(path);
    for (let line = 0; line < 2_000; line += 1) log.write('INFO', 'runner', `line ${line}`);
    await log.close();
    expect(log.missingLines).toBeGreaterThan(1_000);
    rmSync(ballast);
    const next = openLog(path);
    next.write('INFO', 'runner', 'next');
    await next.close();
    expect(messagesIn(wholeText(path))).toEqual([...numbered(2_000 - log.missingLines), 'next']);
  });

  test('keeps a rotated part plain until there is space to compress it', async () => {
    const path = logOnSmallDisk('1m');
    const ballast = fillDisk(path, 49_152);
    const log = openLog(path, { limits: { rotateBytes: 20_000 } });
    for (let line = 0; line < 2_000; line += 1) log.write('INFO', 'runner', `line ${line}`);
    await until(() => log.failures > 0);
    rmSync(ballast);
    await until(() => wholeTextOrNothing(path).endsWith('line 1999\n'));
    await log.close();
    expect(messagesIn(wholeText(path))).toEqual(numbered(2_000));
    await openLog(path).close();
    expect(messagesIn(wholeText(path))).toEqual(numbered(2_000));
    expect(namesOf(path).filter((name) => /part$|-\d+$/.test(name))).toEqual([]);
  });
});

/** Nothing while a rotation is under way. */
function wholeTextOrNothing(path: string): string {
  try {
    return wholeText(path);
  } catch {
    return '';
  }
}
