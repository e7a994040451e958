/**
 * How long after a `kill -9` of the runner the owner has noticed it, and how long until the next run works.
 *
 * The built command transcribes speech made with flite in short chunks. Each time a chunk is begun the runner is killed,
 * and the clock runs until the owner's line about it, and until the next run says that it processes a chunk. Both are read
 * from the command's standard error, so what is measured is what a person sees.
 *
 *     node bench/run.js crash [--rounds N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { treeOf } from './support/processes.ts';
import { folder, interrupted, median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const NOTICED_BUDGET_MS = 1_000;
const RESUMED_BUDGET_MS = 3_000;
const SENTENCE = 'The passengers stayed with us until the morning, and the people of the city were very angry. ';

const rounds = options();
await onStage(async () => {
  const noticed: number[] = [];
  const resumed: number[] = [];
  const recording = await speak();
  while (noticed.length < rounds) {
    const round = await oneRound(recording);
    noticed.push(round.noticedMs);
    resumed.push(round.resumedMs);
  }
  report('noticed', noticed, NOTICED_BUDGET_MS);
  report('working again', resumed, RESUMED_BUDGET_MS);
});

function options(): number {
  try {
    const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
    const count = Number(values.rounds);
    if (Number.isInteger(count) && count > 0) return count;
    throw new Error('--rounds must be a whole number above 0.');
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js crash [--rounds N]`);
  }
}

async function speak(): Promise<string> {
  const file = join(folder, 'speech.wav');
  await writeFile(join(folder, 'speech.txt'), SENTENCE.repeat(6));
  const [code] = await once(spawn('flite', ['-voice', 'slt', '-f', join(folder, 'speech.txt'), '-o', file]), 'close');
  if (code !== 0) throw new Error(`flite ended with ${code}.`);
  return file;
}

async function oneRound(recording: string): Promise<{ noticedMs: number; resumedMs: number }> {
  const args = [program, 'transcribe', recording, '--engine', 'pocketsphinx', '--chunk-duration', '4', '--untracked'];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: ownEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: interrupted.signal,
  });
  const ended = once(child, 'close');
  let killedAt = 0;
  let noticedMs = 0;
  let resumedMs = 0;
  for await (const line of createInterface({ input: child.stderr })) {
    const now = performance.now();
    if (!killedAt && /Processing chunk 2\//.test(line)) {
      killedAt = now;
      process.kill(runnerBelow(child.pid as number), 'SIGKILL');
    } else if (killedAt && !noticedMs && /ended by SIGKILL/.test(line)) noticedMs = now - killedAt;
    else if (noticedMs && !resumedMs && /Processing chunk/.test(line)) resumedMs = now - killedAt;
  }
  const [code] = await ended;
  if (code !== 0 || !resumedMs) throw new Error(`longhand ended with ${code}; the crash was not seen through.`);
  return { noticedMs, resumedMs };
}

function runnerBelow(owner: number): number {
  const runner = treeOf(owner).find(({ pid, command }) => pid !== owner && command.startsWith('node'));
  if (!runner) throw new Error('The runner was not found.');
  return runner.pid;
}

function report(what: string, values: number[], budgetMs: number): void {
  const worst = Math.max(...values);
  const verdict = worst <= budgetMs ? 'within budget' : 'OVER BUDGET';
  console.log(
    `${what}: p50 ${median(values).toFixed(0)} ms, max ${worst.toFixed(0)} ms of ${values.length}; budget < ${budgetMs} ms: ${verdict}`,
  );
  if (worst > budgetMs) process.exitCode = 1;
}
