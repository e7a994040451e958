import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { modesOf, namesOf, newLogPath, openLog, partsOf, wholeText } from './support.ts';
import { startWriter } from './writer.ts';

/** Writes numbered lines, from the second argument on, and says the last number that could be read from the log. */
const WRITER = `
  import { writeSync } from 'node:fs';
  import { JobLog } from './src/logs/job-log.ts';
  import { lastLines } from './src/logs/tail.ts';
  const [, , path, from] = process.argv;
  let line = Number(from);
  const log = new JobLog(path, { now: Date.now, limits: { rotateBytes: 20_000 }, onWritten: write });
  async function write() {
    for (let n = 0; n < 40; n++) log.write('INFO', 'runner', 'line ' + line++ + ' ' + 'x'.repeat(50) + ' end');
    const { text } = await lastLines(path, 2);
    const numbers = [...text.matchAll(/line ([0-9]+) x+ end/g)];
    writeSync(1, (numbers.at(-1)?.[1] ?? '-1') + '\\n');
  }
  write();`;
const WHOLE_LINE = / line (\d+) x{50} end$/;

const ROUNDS = 12;

/** Kills the writer when it has said so many numbers. @returns the last number it said */
async function killAfter(child: ChildProcess, numbers: number): Promise<number> {
  let said = '';
  (child.stdout as Readable).on('data', (data) => {
    said += data;
    if (said.split('\n').length > numbers) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return Number(said.split('\n').at(-2));
}

test('a writer that is killed at any moment loses nothing it had written, and the next one goes on', async () => {
  const path = newLogPath();
  let from = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const said = await killAfter(await startWriter(WRITER, [path, String(from)]), 1 + round * 2);
    const log = openLog(path);
    await log.close();
    expect(log.failure).toBeUndefined();
    const lines = wholeText(path).split('\n').slice(0, -1);
    const numbers = lines.flatMap((line) => (WHOLE_LINE.exec(line)?.slice(1) ?? []).map(Number));
    expect(numbers).toEqual(numbers.map((_, number) => number));
    expect(numbers.length).toBeGreaterThan(said);
    // At most one torn line for each kill.
    expect(lines.length - numbers.length).toBeLessThanOrEqual(round + 1);
    from = numbers.length;
  }
  expect(partsOf(path).length).toBeGreaterThan(ROUNDS);
  expect(namesOf(path).filter((name) => /part$|-\d+$/.test(name))).toEqual([]);
  expect(readFileSync(`${path}.start`, 'utf8')).toMatch(/^[1-9]\d+\n$/);
  expect(modesOf(path)).toEqual(['600']);
});
