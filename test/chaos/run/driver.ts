/**
 * The chaos run: several jobs on real speech, and everything that may happen to them, drawn by a seed.
 *
 *     npm run chaos -- [--seed N] [--kills N] [--jobs N] [--engine NAME] [--keep FOLDER]
 *
 * First every recording is transcribed undisturbed. Then, until there were enough kills, in each step: wait for some news
 * of the jobs, wait some milliseconds more, do one of `ACTIONS`. Jobs are handed in so that there are always some, up to
 * `--jobs`. Then all of them must come to their end, the owner must end, and `inspection.ts` looks at what is left.
 *
 * What is drawn depends on the seed and the step alone; whom it hits depends on who is there at that moment. A book is
 * kept (`chaos-job.ts`) so that nothing is hit so often that it would rightly be given up.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeGgmlModel } from '../../support/ggml-model.ts';
import { SmallDisk } from '../../support/small-disk.ts';
import { whisperEngineFolder } from '../../support/whisper.ts';
import { ACTIONS } from './actions.ts';
import { Diary } from './diary.ts';
import { Dice } from './dice.ts';
import { evidenceOf, keepEvidence } from './evidence.ts';
import { Finding } from './finding.ts';
import { inspect } from './inspection.ts';
import { buildOwnerProgram } from './owner-process.ts';
import { type ChaosEngine, ENGINES, recordings } from './recordings.ts';
import { World } from './world.ts';

/** After so many steps another number of jobs is drawn: when there are fewer than places, one that is resumed goes on at once. */
const STEPS_A_LOAD = 20;
/** The stream of dice for that; those of the steps are numbered from 1. */
const LOAD_STREAM = 1_000_000;
/** A job asks for 64 MB of free space before it decodes. */
const DISK_BYTES = 112 * 1024 * 1024;
/** Twice what the longest of its parts may take. */
const STEP_PATIENCE_MS = 120_000;
/** A word here and there is not what was spoken; a text of fewer words would say that nothing was recognised. */
const LEAST_WORDS = 8;
/** What the Whisper model says of each chunk. */
const RECITED = [' And', ' so', ' we', ' made', ' coffee'];

interface Options {
  seed: number;
  kills: number;
  /** At most so many that are not complete at any time. */
  jobs: number;
  engine: ChaosEngine;
  /** Where the data folder is put when something was found. */
  keep: string | undefined;
  /** Mounts of this process are seen by nobody else. */
  ownMounts: boolean;
}

const options = readOptions();
const diary = new Diary();
const folder = mkdtempSync(join(realpathSync(tmpdir()), 'longhand-chaos-'));
const program = await buildOwnerProgram();
let disk: SmallDisk | undefined;
let world: World | undefined;
let cleaning: Promise<void> | undefined;
let isGivenUp = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void giveUp(signal));

try {
  world = await prepare();
  await undisturbed(world);
  await chaos(world, options);
  await settle(world);
  await inspect(world.dataDir, world.jobs, world.owner.deaths);
  console.log(
    `\nSeed ${options.seed}: ${diary.kills} kills in ${diary.seconds.toFixed(0)} s, ${world.jobs.length} jobs.`,
  );
  console.log(`${diary.summary()}\nNo job lost.`);
} catch (error) {
  process.exitCode = 1;
  // Whatever goes wrong while all is being ended is no finding.
  if (!isGivenUp) await tell(error as Error);
} finally {
  await clean();
}

async function prepare(): Promise<World> {
  console.log(`Seed ${options.seed}, ${options.kills} kills, up to ${options.jobs} jobs at a time.`);
  let dataDir = join(folder, 'data');
  if (options.ownMounts) {
    disk = new SmallDisk(join(folder, 'disk'), DISK_BYTES);
    dataDir = join(disk.folder, 'data');
  } else {
    console.log('Left out: the full disk. It needs root, to mount a small one.');
  }
  const speech = join(folder, 'speech');
  mkdirSync(speech);
  if (options.engine === 'whisper') await furnishWhisper(join(folder, 'cache'));
  const spoken = await recordings(speech, options.engine);
  return new World({ program, env: environment(dataDir), dataDir, recordings: spoken, disk, diary });
}

/** A model that whisper.cpp runs, and that says the same whatever it hears: what is asked here is what becomes of it. */
async function furnishWhisper(cache: string): Promise<void> {
  mkdirSync(join(cache, 'models'), { recursive: true });
  const engines = await whisperEngineFolder();
  if (engines) symlinkSync(engines, join(cache, 'engines'));
  writeGgmlModel(join(cache, 'models', 'ggml-base.bin'), { script: [0, ...RECITED, 2, 2] });
}

/** Two jobs at a time, and sweeps often enough to see them at work. */
function environment(dataDir: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LONGHAND_|MAX_|npm_)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    LONGHAND_DATA: dataDir,
    LONGHAND_CACHE: join(folder, 'cache'),
    LONGHAND_SWEEP_INTERVAL: '2',
    MAX_CONCURRENT_TRANSCRIPTIONS: '2',
  };
}

async function undisturbed(world: World): Promise<void> {
  await world.startOwner();
  for (const _ of world.recordings) await world.submit();
  await untilAllRest(world);
  for (const job of world.jobs) {
    const text = await world.owner.api.getText(`/api/jobs/${job.id}/transcript`);
    const words = text.trim().split(/\s+/).length;
    if (words < LEAST_WORDS) throw new Finding(`Undisturbed it has ${words} words only: ${text}`, job.id);
    diary.note(`${job.recording.name}, undisturbed: ${text.trim()}`);
  }
}

async function chaos(world: World, options: Options): Promise<void> {
  for (let step = 1; diary.kills < options.kills; step += 1) {
    await inTime(`step ${step}`, takeStep(world, step, options));
  }
}

async function takeStep(world: World, step: number, { seed, jobs }: Options): Promise<void> {
  const dice = new Dice(seed, step);
  await world.tend(step);
  const load = new Dice(seed, LOAD_STREAM + Math.floor(step / STEPS_A_LOAD)).between(1, jobs);
  while (world.open.length < load) await world.submit();
  await world.moment(dice.between(1, 4), dice.percent(33) ? 0 : dice.between(1, 250));
  for (const action of dice.order(ACTIONS)) {
    const deed = await action.act(world, dice, step);
    if (deed) return diary.did(step, deed.what, deed.detail, deed.kills);
  }
}

/** @throws Finding when it takes so long that somebody must hang */
async function inTime(what: string, work: Promise<void>): Promise<void> {
  const patience = new AbortController();
  const tooLate = pause(STEP_PATIENCE_MS, undefined, { signal: patience.signal }).then(() => {
    throw new Finding(`It hangs: ${what} is not over after ${STEP_PATIENCE_MS / 1000} s.`);
  });
  try {
    await Promise.race([work, tooLate]);
  } finally {
    patience.abort();
    tooLate.catch(() => undefined);
  }
}

async function settle(world: World): Promise<void> {
  diary.note(`Enough; ${world.open.length} jobs are left to come to their end`);
  await untilAllRest(world);
  await world.owner.terminate();
}

async function untilAllRest(world: World): Promise<void> {
  while (world.open.length > 0) {
    await world.tend(Number.POSITIVE_INFINITY);
    await world.moment(1, 0);
  }
}

async function tell(error: Error): Promise<void> {
  const jobId = error instanceof Finding ? error.jobId : undefined;
  const about = jobId === undefined ? '' : `Job ${jobId}: `;
  console.log(`\nFOUND with seed ${options.seed}: ${about}${error instanceof Finding ? error.message : error.stack}`);
  console.log(diary.summary());
  if (!world) return;
  for (const warning of world.owner.warnings) console.log(`The owner warned: ${warning}`);
  world.emptyDisk();
  // Nobody may own the folder while it is read.
  await world.owner.end();
  if (options.keep) keepEvidence(world.dataDir, options.keep);
  console.log(`\n${await evidenceOf(world.dataDir, jobId)}`);
}

/** Ends and removes all that was made. Idempotent. */
function clean(): Promise<void> {
  cleaning ??= (async () => {
    world?.emptyDisk();
    await world?.owner.end();
    disk?.unmount();
    rmSync(folder, { recursive: true, force: true });
    program.remove();
  })();
  return cleaning;
}

async function giveUp(signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  isGivenUp = true;
  await clean();
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      kills: { type: 'string', default: '200' },
      jobs: { type: 'string', default: '4' },
      engine: { type: 'string', default: 'pocketsphinx' },
      keep: { type: 'string' },
      'own-mounts': { type: 'boolean', default: false },
    },
  });
  const [seed, kills, jobs] = [values.seed, values.kills, values.jobs].map(Number) as [number, number, number];
  const engine = ENGINES.find((name) => name === values.engine);
  if (![seed, kills, jobs].every(Number.isSafeInteger) || kills < 0 || jobs < 1 || !engine) {
    console.error(
      `Usage: npm run chaos -- [--seed N] [--kills N] [--jobs N] [--engine ${ENGINES.join('|')}] [--keep FOLDER]`,
    );
    process.exit(2);
  }
  return { seed, kills, jobs, engine, keep: values.keep, ownMounts: values['own-mounts'] };
}
