/**
 * How fast a flood gets into a log, and what it costs those who have nothing to do with it.
 *
 * 1. A child process writes numbered lines of 120 bytes to its standard error as fast as it can (`dd` of a file that is
 *    in the system's memory), and the log copies them: hidden secrets looked for, control characters looked for, time and
 *    level before each line, rotated every 10 MB, parts compressed beside it. Time runs from the child's start until
 *    all of it is in the files; then every line is read back: none may be missing. Beside it the same child writes into
 *    a file itself (`> file` in a shell). The limit of what programs may print is out of the way. In MB of what the child
 *    printed; the log has more, since every line gets its time and level.
 * 2. With the limit as it is by default, the same lines again and again: the child is read on at full speed and the rest
 *    is thrown away. Beside it the same child into `cat > /dev/null`. Its own time, from start to end, may not be longer
 *    than with `cat` but for a quarter.
 *
 * Memory is the resident set (RSS) of this process, which owns the log, a hundred times a second: how much it grew over
 * what it had before the first flood. It does not depend on how much is printed: what comes from a pipe is memory for
 * Node's garbage collector, which is content with some 64 MB of it.
 *
 *     node bench/run.js log-throughput [--megabytes N] [--rounds N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { DEFAULT_LOG_LIMITS, JobLog } from '../src/logs/job-log.ts';
import { linesFrom } from '../src/logs/tail.ts';
import { folder, interrupted, median, onStage, stop } from './support/stage.ts';

const FULL = { megabytes: 200, rounds: 5 };
const BUDGET_MB_PER_S = 100;
const BUDGET_CHILD_RATIO = 1.25;
const LINE_BYTES = 120;
const SAMPLE_EVERY_MS = 10;
/** How often the lines are repeated where most of them are thrown away. */
const REPEATS = 10;
const SECRETS = ['sk-not-in-there-0123456789', 'postgres://longhand:not-in-there@localhost/longhand'];

const { megabytes, rounds } = options();
const lines = Math.floor((megabytes * 1e6) / LINE_BYTES);
const killable = { cwd: folder, signal: interrupted.signal, killSignal: 'SIGKILL' } as const;

let rssBefore = 0;

interface Round {
  log: Copied;
  fileMs: number;
  thrownAway: Copied;
  catMs: number;
}

interface Copied {
  childMs: number;
  /** Until everything was in the files. */
  writtenMs: number;
  grownBytes: number;
}

await onStage(async () => {
  await makeFlood();
  rssBefore = process.memoryUsage.rss();
  const taken: Round[] = [];
  for (let round = 0; round < rounds; round += 1) taken.push(await oneRound());
  report(taken);
});

function options(): typeof FULL {
  try {
    const { values } = parseArgs({ options: { megabytes: { type: 'string' }, rounds: { type: 'string' } } });
    return { megabytes: count('megabytes', values.megabytes), rounds: count('rounds', values.rounds) };
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js log-throughput [--megabytes N] [--rounds N]`);
  }
}

function count(name: keyof typeof FULL, given: string | undefined): number {
  const value = Number(given ?? FULL[name]);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw new Error(`--${name} must be a whole number from 1 to 10000.`);
}

/** Made outside, so that this process has its usual size when it begins. */
async function makeFlood(): Promise<void> {
  const rest = ' the quick brown fox jumps over the lazy dog'.padEnd(LINE_BYTES - 11, '.');
  await shell(`seq -f '%010.0f${rest}' 0 ${lines - 1} > flood`);
}

/** The two with their companions, one after another, so that whatever else the machine does hits all of them. */
async function oneRound(): Promise<Round> {
  const flood = 'dd if=flood bs=64k status=none';
  const often = `for n in $(seq ${REPEATS}); do ${flood}; done`;
  const fileMs = await shell(`${flood} > file`);
  const log = await copied(flood, Number.MAX_SAFE_INTEGER, true);
  const catMs = await shell(`(${often}) | cat > /dev/null`);
  const thrownAway = await copied(often, DEFAULT_LOG_LIMITS.outputBytes, false);
  return { log, fileMs, thrownAway, catMs };
}

async function shell(command: string): Promise<number> {
  const started = performance.now();
  const [code] = await once(spawn('sh', ['-c', command], { ...killable, stdio: 'ignore' }), 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}.`);
  return performance.now() - started;
}

async function copied(command: string, outputBytes: number, verified: boolean): Promise<Copied> {
  const path = join(folder, 'flooded.log');
  let grownBytes = 0;
  const sampling = setInterval(() => {
    grownBytes = Math.max(grownBytes, process.memoryUsage.rss() - rssBefore);
  }, SAMPLE_EVERY_MS);
  let writtenMs = 0;
  const started = performance.now();
  const onWritten = () => {
    writtenMs = performance.now() - started;
  };
  const log = new JobLog(path, { now: Date.now, onWritten, secrets: SECRETS, limits: { outputBytes } });
  const child = spawn('sh', ['-c', `(${command}) >&2`], { ...killable, stdio: ['ignore', 'ignore', 'pipe'] });
  log.copy('runner', child.stderr as Readable);
  const [code] = await once(child, 'close');
  const childMs = performance.now() - started;
  await log.close();
  clearInterval(sampling);
  if (code !== 0 || log.failure) throw log.failure ?? new Error(`${command} ended with ${code}.`);
  if (verified) await verify(path);
  for (const name of readdirSync(folder)) if (name.startsWith('flooded.log')) rmSync(join(folder, name));
  return { childMs, writtenMs, grownBytes };
}

/** Every line once and in its place. */
async function verify(path: string): Promise<void> {
  let expected = 0;
  let position = 0;
  for (let piece = await linesFrom(path, 0); piece.position > position; piece = await linesFrom(path, position)) {
    for (const [, number] of piece.text.matchAll(/ runner {6}(\d{10}) .*\.\n/g)) {
      if (Number(number) !== expected) throw new Error(`Line ${expected} is missing: there is ${number}.`);
      expected += 1;
    }
    position = piece.position;
  }
  if (expected !== lines) throw new Error(`The log ends with line ${expected} of ${lines}.`);
}

function report(taken: Round[]): void {
  const printed = lines * LINE_BYTES;
  const rate = (bytes: number, ms: number) => bytes / 1e3 / ms;
  const logged = median(taken.map(({ log }) => rate(printed, log.writtenMs)));
  const filed = median(taken.map(({ fileMs }) => rate(printed, fileMs)));
  const share = median(taken.map(({ log, fileMs }) => fileMs / log.writtenMs));
  const thrown = median(taken.map(({ thrownAway }) => rate(printed * REPEATS, thrownAway.childMs)));
  const cat = median(taken.map(({ catMs }) => rate(printed * REPEATS, catMs)));
  const slowed = median(taken.map(({ thrownAway, catMs }) => thrownAway.childMs / catMs));
  console.log(`${lines} lines of ${LINE_BYTES} bytes, median of ${taken.length} rounds, MB/s of what was printed\n`);
  console.log(row('into the log, nothing lost', logged, `≥ ${BUDGET_MB_PER_S}`, grown(taken.map(({ log }) => log))));
  console.log(row('> file', filed));
  console.log(row(`${REPEATS} times over, beyond the limit`, thrown, '', grown(taken.map((one) => one.thrownAway))));
  console.log(row('| cat > /dev/null', cat));
  console.log(`\nThe log's speed over that of the file: ${share.toFixed(2)}`);
  console.log(
    `The child's time beyond the limit over that with cat: ${slowed.toFixed(2)}, budget ≤ ${BUDGET_CHILD_RATIO}`,
  );
  const within = logged >= BUDGET_MB_PER_S && slowed <= BUDGET_CHILD_RATIO;
  const note = megabytes < FULL.megabytes || rounds < FULL.rounds ? ' (a small run)' : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${note}${busyNote()}`);
  process.exitCode = within ? 0 : 1;
}

/** The child, this process, and the compressing beside it need the machine for themselves. */
function busyNote(): string {
  const [load = 0] = loadavg();
  const cores = availableParallelism();
  return load > cores + 1 ? `; the machine is busy with other things (load ${load.toFixed(1)} on ${cores} cores)` : '';
}

function grown(those: Copied[]): string {
  return `memory grew by up to ${Math.round(Math.max(...those.map(({ grownBytes }) => grownBytes)) / 1e6)} MB`;
}

function row(name: string, rate: number, budget = '', more = ''): string {
  return `${name.padEnd(32)} ${rate.toFixed(0).padStart(6)}  ${budget.padEnd(6)} ${more}`.trimEnd();
}
