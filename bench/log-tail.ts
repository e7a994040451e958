/**
 * The last 50 lines of a log of 10 MB and of one of 1 GB, in turns: as long for the one as for the other.
 *
 * Both are one file, as a log is before its first rotation (the size at which a log is rotated is a setting); a third one
 * has just been rotated, so that its last lines are in a part of 10 MB that is compressed. Each call opens the log anew,
 * as every request does. The files were just written, so they are in the memory of the system, as those of a job in work
 * are.
 *
 * The medians count, and their ratio: the longest times are those of whoever else had the core at that moment, and are
 * printed beside.
 *
 *     node bench/run.js log-tail [--megabytes N] [--calls N]
 */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { JobLog } from '../src/logs/job-log.ts';
import { lastLines } from '../src/logs/tail.ts';
import { folder, interrupted, median, onStage, stop } from './support/stage.ts';

const LINES = 50;
const SMALL_MEGABYTES = 10;
const FULL = { megabytes: 1000, calls: 1000 };
const BUDGET_MS = 2;
/** The same for both: what is left is chance. */
const BUDGET_RATIO = 1.25;
const WARM_UP = 50;
const BLOCK_LINES = 10_000;

const { megabytes, calls } = options();
await onStage(async () => {
  const logs = {
    [`${SMALL_MEGABYTES} MB`]: makeLog('small.log', SMALL_MEGABYTES),
    [`${megabytes} MB`]: makeLog('large.log', megabytes),
    'just rotated, compressed': await makeRotatedLog(),
  };
  report(await measure(logs));
});

function options(): typeof FULL {
  try {
    const { values } = parseArgs({ options: { megabytes: { type: 'string' }, calls: { type: 'string' } } });
    return { megabytes: count('megabytes', values.megabytes), calls: count('calls', values.calls) };
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js log-tail [--megabytes N] [--calls N]`);
  }
}

function count(name: keyof typeof FULL, given: string | undefined): number {
  const value = Number(given ?? FULL[name]);
  if (Number.isInteger(value) && value >= SMALL_MEGABYTES && value <= 100_000) return value;
  throw new Error(`--${name} must be a whole number from ${SMALL_MEGABYTES} to 100000.`);
}

/** Numbered lines, as long as those of a job. */
function makeLog(name: string, size: number): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  const line = (n: number) => `2026-01-31T12:00:00.000Z INFO    transcribe  Processing chunk ${n}/1000000000\n`;
  for (let bytes = 0, n = 0; bytes < size * 1e6; n += BLOCK_LINES) {
    const block = Array.from({ length: BLOCK_LINES }, (_, at) => line(n + at)).join('');
    appendFileSync(path, block);
    bytes += block.length;
  }
  return path;
}

/** What is left when a log of 10 MB was rotated and nothing was written since. */
async function makeRotatedLog(): Promise<string> {
  const path = makeLog('rotated.log', SMALL_MEGABYTES);
  const { position } = await lastLines(path, 0);
  renameSync(path, `${path}.0-${position}`);
  await new JobLog(path, { now: Date.now }).close();
  return path;
}

async function measure(logs: Record<string, string>): Promise<Map<string, number[]>> {
  const taken = new Map<string, number[]>();
  for (const name of Object.keys(logs)) taken.set(name, []);
  for (let call = 0; call < WARM_UP + calls; call += 1) {
    for (const [name, path] of Object.entries(logs)) {
      const ms = await timeOf(path);
      if (call >= WARM_UP) taken.get(name)?.push(ms);
    }
    interrupted.signal.throwIfAborted();
    await nextTurn();
  }
  return taken;
}

async function timeOf(path: string): Promise<number> {
  const started = performance.now();
  const { text } = await lastLines(path, LINES);
  const ms = performance.now() - started;
  const lines = text.split('\n').length - 1;
  if (lines !== LINES) throw new Error(`${path} gave ${lines} lines.`);
  return ms;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(part * sorted.length) - 1] as number;
}

function report(taken: Map<string, number[]>): void {
  console.log(`The last ${LINES} lines, ${calls} calls each, in ms (budget: p50 < ${BUDGET_MS})\n`);
  console.log(`${''.padEnd(26)}   p50    p99    max`);
  for (const [name, ms] of taken) {
    const figures = [median(ms), percentile(ms, 0.99), Math.max(...ms)];
    console.log(`${name.padEnd(26)} ${figures.map((figure) => figure.toFixed(2).padStart(5)).join('  ')}`);
  }
  const [small, large] = [...taken.values()].map(median) as [number, number];
  const ratio = large / small;
  console.log(`\nLarge over small, p50: ${ratio.toFixed(2)}, budget ≤ ${BUDGET_RATIO}`);
  const slow = [...taken.values()].some((ms) => median(ms) >= BUDGET_MS);
  const within = !slow && ratio <= BUDGET_RATIO;
  const note = megabytes < FULL.megabytes || calls < FULL.calls ? ' (a small run)' : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${note}`);
  process.exitCode = within ? 0 : 1;
}
