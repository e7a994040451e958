/**
 * Looking at the queue: positions and the whole view, when 1,000 jobs wait and when 100,000 do, and `longhand queue`.
 *
 * The view is what `GET /api/queue` answers: each job with its position, when it starts and ends, and the end of the
 * queue. Every second recording has a length that is known. The command is the built program, from its start to its end,
 * with 1,000 jobs in its data folder: once while another process owns that and is asked, once with nobody there, so that
 * it opens the database and becomes the owner itself. Beside it is `node -e 0`, because the start of Node.js is most of it.
 *
 *     node bench/run.js queue [number of jobs of the long queue]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { startOwner } from '../src/app.ts';
import { loadConfig } from '../src/config/load.ts';
import { systemClock } from '../src/domain/clock.ts';
import { allEngines } from '../src/engines/registry.ts';
import { Estimates } from '../src/jobs/estimates.ts';
import { type QueueContext, queueView } from '../src/jobs/queue-view.ts';
import { openStore } from '../src/store/open.ts';
import { positionOf } from '../src/store/positions.ts';
import { waiting } from '../src/store/queue.ts';
import { folder, interrupted, median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const SHORT = 1_000;
const LONG = Number(process.argv[2] ?? 100_000);
const ROUNDS = 200;
const COMMANDS = 15;
const BUDGET_MS = { positions: 5, command: 250 };

if (!Number.isInteger(LONG) || LONG < SHORT) stop(`The long queue must have at least ${SHORT} jobs.`);

await onStage(async () => {
  console.log(`${''.padEnd(52)}     p50      p99   budget`);
  const environment = ownEnvironment();
  const data = environment.LONGHAND_DATA as string;
  mkdirSync(data, { mode: 0o700 });
  const positions = await lookAt(data, SHORT);
  const command = await commands(environment);
  const far = join(folder, 'long');
  mkdirSync(far);
  await lookAt(far, LONG);
  const within = positions < BUDGET_MS.positions && command < BUDGET_MS.command;
  console.log(`\nVerdict: ${within ? 'within budget' : 'OVER BUDGET'}`);
  process.exitCode = within ? 0 : 1;
});

/** @returns the median of the positions of 1,000 jobs, in milliseconds */
async function lookAt(dataDir: string, jobs: number): Promise<number> {
  const file = join(dataDir, 'longhand.db');
  await (await openStore({ file, clock: systemClock })).close();
  const last = fill(file, jobs);
  const store = await openStore({ file, clock: systemClock });
  const estimates = new Estimates({
    ...{ store, machine: 'here', cores: 8, coresPerJob: 2, maxConcurrent: 2, engines: allEngines() },
  });
  const context: QueueContext = {
    ...{ store, clock: systemClock, estimates, maxConcurrent: 2 },
    whyWaiting: () => undefined,
    progressOf: () => undefined,
  };
  const many = jobs.toLocaleString('en');
  try {
    const positions = await measure(`${many} wait: positions of the first 1,000`, BUDGET_MS.positions, () =>
      waiting(store, { limit: SHORT }),
    );
    await measure(`${many} wait: position of the last one`, undefined, () => positionOf(store, last));
    await measure(`${many} wait: the view, 1,000 jobs told`, undefined, () => queueView(context, { limit: SHORT }));
    await measure(`${many} wait: the view, 20 jobs told`, undefined, () => queueView(context, { limit: 20 }));
    return positions;
  } finally {
    await store.close();
  }
}

async function measure(name: string, budgetMs: number | undefined, work: () => Promise<unknown>): Promise<number> {
  const rounds: number[] = [];
  const until = performance.now() + 10_000;
  for (let round = 0; round < ROUNDS && (performance.now() < until || round < 3); round += 1) {
    interrupted.signal.throwIfAborted();
    const started = performance.now();
    await work();
    rounds.push(performance.now() - started);
  }
  return tell(name, rounds, budgetMs);
}

function tell(name: string, rounds: number[], budgetMs: number | undefined): number {
  const sorted = [...rounds].sort((a, b) => a - b);
  const p99 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] as number;
  const figures = [median(sorted), p99].map((ms) => ms.toFixed(2).padStart(8)).join(' ');
  console.log(`${name.padEnd(52)}${figures}${budgetMs === undefined ? '' : `   < ${budgetMs}`}`);
  return median(sorted);
}

/** @returns the longer median of the two, in milliseconds */
async function commands(env: NodeJS.ProcessEnv): Promise<number> {
  const command = [program, 'queue', '--limit', '20'];
  await timedRuns('node -e 0', ['-e', '0'], env);
  const alone = await timedRuns('longhand queue, nobody owns the data folder', command, env, BUDGET_MS.command);
  const { config } = loadConfig({ dataDir: env.LONGHAND_DATA, cacheDir: env.LONGHAND_CACHE }, {});
  const owner = await startOwner(config, { acceptsJobs: false, onWarning: console.error });
  const asked = await timedRuns('longhand queue, another process owns it', command, env, BUDGET_MS.command);
  await owner?.close();
  return Math.max(alone, asked);
}

async function timedRuns(name: string, args: string[], env: NodeJS.ProcessEnv, budgetMs?: number): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < COMMANDS; round += 1) {
    interrupted.signal.throwIfAborted();
    const started = performance.now();
    const [code] = await once(spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }), 'close');
    if (code !== 0) throw new Error(`It ended with ${code}.`);
    rounds.push(performance.now() - started);
  }
  return tell(name, rounds, budgetMs);
}

/** @returns the id of the last one */
function fill(file: string, jobs: number): number {
  const database = new Database(file);
  const job = database.prepare(
    `insert into transcription_jobs (filename, original_path, duration_minutes, status, engine, model, processes, workers,
       created_at, updated_at) values (?, ?, ?, 'pending', 'pocketsphinx', 'en-us', 2, 1, ?, ?)`,
  );
  const queue = database.prepare(
    'insert into transcription_queue (job_id, priority, created_at, place) values (?, ?, ?, ?)',
  );
  const start = Date.now() - jobs;
  let last = 0;
  database.transaction(() => {
    for (let n = 0; n < jobs; n += 1) {
      const minutes = n % 2 === 0 ? 1 + (n % 90) : 0;
      const { lastInsertRowid } = job.run(
        `talk-${n}.flac`,
        `/recordings/talk-${n}.flac`,
        minutes,
        start + n,
        start + n,
      );
      last = Number(lastInsertRowid);
      queue.run(last, n % 3, start + n, start + n);
    }
  })();
  database.close();
  return last;
}
