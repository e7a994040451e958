/** What may happen to the jobs, the owner, the disk and the clock. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LonghandError } from '../../../src/domain/errors.ts';
import type { JobDetails } from '../../../src/jobs/view.ts';
import { PACKAGE_ROOT } from '../../../src/package-root.ts';
import { signalProcess } from '../../../src/supervisor/identity.ts';
import type { ChaosJob } from './chaos-job.ts';
import type { Dice } from './dice.ts';
import { Finding } from './finding.ts';
import { type Role, type Target, targetsOf } from './targets.ts';
import type { World } from './world.ts';

/** Something was done. */
export interface Deed {
  /** What is counted: `runner killed`. */
  what: string;
  detail: string;
  kills?: number;
}

export interface Action {
  /** How often it is drawn, compared with the others. */
  weight: number;
  /** @returns undefined when there is nothing to do it to */
  act(world: World, dice: Dice, step: number): Promise<Deed | undefined>;
}

const HOUR_MS = 3_600_000;
const CLOCK_OFFSETS_MS = [-24 * HOUR_MS, -HOUR_MS, 0, HOUR_MS, 24 * HOUR_MS];
/** A runner that cannot be recorded counts as crashed; the next one is started when there is a little space. */
const CRASHES_ON_A_FULL_DISK = 2;
const TRAP_POLL_MS = 1;
const TRAP_PATIENCE_MS = 1_000;

export const ACTIONS: readonly Action[] = [
  { weight: 6, act: killRunner },
  { weight: 6, act: killEngineWorker },
  { weight: 4, act: killOwner },
  { weight: 2, act: killOwnerOverStoppedRunner },
  { weight: 1, act: setTrapForFfmpeg },
  { weight: 2, act: terminateOwner },
  { weight: 2, act: pauseJob },
  { weight: 3, act: cancelJob },
  { weight: 2, act: setClock },
  { weight: 2, act: fillDisk },
  { weight: 2, act: askFromSecondTerminal },
];

async function killRunner(world: World, dice: Dice): Promise<Deed | undefined> {
  const hit = await findTarget(world, dice, 'runner', (job, { runs }) => job.mayCrash(runs));
  if (!hit || !signalProcess(hit.target.identity, 'SIGKILL')) return undefined;
  hit.job.lostRunner(hit.details);
  return { what: 'runner killed', detail: `SIGKILL to the runner of ${hit.job}`, kills: 1 };
}

async function killEngineWorker(world: World, dice: Dice): Promise<Deed | undefined> {
  const hit = await findTarget(world, dice, 'engine worker', (job, details) => job.mayLoseWorker(details));
  if (!hit || !signalProcess(hit.target.identity, 'SIGKILL')) return undefined;
  hit.job.lostWorker(hit.details);
  return { what: 'engine worker killed', detail: `SIGKILL to an engine worker of ${hit.job}`, kills: 1 };
}

async function killOwner(world: World, dice: Dice): Promise<Deed | undefined> {
  const [again, afterMs] = [dice.percent(25), dice.between(0, 400)];
  if (!(await mayLoseOwner(world))) return undefined;
  const during = world.working.join(', ') || 'nothing in work';
  await world.owner.kill();
  if (again) await world.owner.startAndKill(afterMs);
  await world.startOwner();
  const twice = again ? `, and to the next one ${afterMs} ms after its start` : '';
  return { what: 'owner killed', detail: `SIGKILL to the owner of ${during}${twice}`, kills: again ? 2 : 1 };
}

async function killOwnerOverStoppedRunner(world: World, dice: Dice): Promise<Deed | undefined> {
  const hit = await findTarget(world, dice, 'runner', () => true);
  if (!hit || !(await mayLoseOwner(world)) || !signalProcess(hit.target.identity, 'SIGSTOP')) return undefined;
  await world.owner.kill();
  await world.startOwner();
  return {
    what: 'owner killed over a stopped runner',
    detail: `SIGSTOP to the runner of ${hit.job}, SIGKILL to the owner`,
    kills: 1,
  };
}

/** It lives for some milliseconds only, so it is waited for. */
async function setTrapForFfmpeg(world: World): Promise<Deed | undefined> {
  if (world.onLoading) return undefined;
  world.onLoading = (job) => {
    world.onLoading = undefined;
    void springTrap(world, job);
  };
  return { what: 'ffmpeg trap set', detail: 'The next ffmpeg that starts is to be killed' };
}

async function springTrap(world: World, job: ChaosJob): Promise<void> {
  const deadline = performance.now() + TRAP_PATIENCE_MS;
  while (performance.now() < deadline && job.status === 'processing') {
    const found = targetsOf(world.dataDir, job.id).find(({ role }) => role === 'ffmpeg');
    // Before the signal, since the failure may be told before the next line is reached.
    if (found) job.excuses.add('ffmpeg');
    if (found && signalProcess(found.identity, 'SIGKILL')) {
      world.diary.did(0, 'ffmpeg killed', `SIGKILL to the ffmpeg of ${job}`, 1);
      return;
    }
    await pause(TRAP_POLL_MS);
  }
}

async function terminateOwner(world: World): Promise<Deed> {
  const during = world.working.join(', ') || 'nothing in work';
  await world.owner.terminate();
  await world.startOwner();
  return { what: 'owner restarted', detail: `SIGTERM to the owner of ${during}` };
}

async function pauseJob(world: World, dice: Dice, step: number): Promise<Deed | undefined> {
  const steps = dice.between(1, 4);
  const job = dice.pick(world.open.filter(({ isExpectedToMove }) => isExpectedToMove));
  const detail = `${job} paused for ${steps} steps`;
  if (!job || !(await world.pause(job))) return undefined;
  job.restsUntil = step + steps;
  return { what: 'job paused', detail };
}

async function cancelJob(world: World, dice: Dice, step: number): Promise<Deed | undefined> {
  const [steps, afterMs] = [dice.between(0, 3), dice.between(0, 100)];
  const job = dice.pick(world.open.filter(({ isExpectedToMove }) => isExpectedToMove));
  const how = steps === 0 ? `resumed ${afterMs} ms later` : `resumed ${steps} steps later`;
  const detail = `${job} cancelled, to be ${how}`;
  if (!job || !(await world.cancel(job))) return undefined;
  job.restsUntil = step + steps;
  if (steps === 0) {
    await pause(afterMs);
    await world.resume(job);
  }
  return { what: 'job cancelled', detail };
}

async function setClock(world: World, dice: Dice): Promise<Deed | undefined> {
  const offsetMs = dice.pick(CLOCK_OFFSETS_MS) ?? 0;
  world.owner.setClock(offsetMs);
  return { what: 'clock set', detail: `The time of day is ${offsetMs / HOUR_MS} h off` };
}

async function fillDisk(world: World, dice: Dice): Promise<Deed | undefined> {
  const [firstMs, secondMs, killsOwner] = [dice.between(50, 800), dice.between(50, 800), dice.percent(25)];
  if (!world.disk || !(await mayAllCrash(world, CRASHES_ON_A_FULL_DISK))) return undefined;
  const during = world.working.join(', ') || 'nothing in work';
  world.fillDisk();
  try {
    await pause(firstMs);
    if (killsOwner) await restartOnFullDisk(world);
    await pause(secondMs);
  } finally {
    world.emptyDisk();
  }
  if (killsOwner) await world.startOwner();
  const killed = killsOwner ? `, with SIGKILL to the owner after ${firstMs} ms` : '';
  const detail = `Disk full for ${firstMs + secondMs} ms during ${during}${killed}`;
  return { what: 'disk filled', detail, kills: killsOwner ? 1 : 0 };
}

/** It may say that the disk is full, and nothing else. */
async function restartOnFullDisk(world: World): Promise<void> {
  await world.owner.kill();
  try {
    await world.owner.start();
    await world.owner.kill();
  } catch (error) {
    if (!(error instanceof LonghandError) || error.kind !== 'disk') {
      throw new Finding(`On a full disk the owner does not start: ${(error as Error).message}`);
    }
  }
}

/** The real command; sometimes it is killed. */
async function askFromSecondTerminal(world: World, dice: Dice): Promise<Deed | undefined> {
  const [isKilled, afterMs] = [dice.percent(30), dice.between(0, 200)];
  const job = dice.pick(world.jobs);
  if (!job) return undefined;
  const program = join(PACKAGE_ROOT, 'dist', 'longhand.js');
  const child = spawn(process.execPath, [program, 'show', String(job.id), '--json'], { env: world.env });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  if (isKilled) {
    await pause(afterMs);
    child.kill('SIGKILL');
  }
  const code = await ended;
  if (!isKilled && (code !== 0 || !said.includes(`"id": ${job.id}`))) {
    throw new Finding(`A second terminal that asked for job ${job.id} ended with ${code}: ${said}`, job.id);
  }
  const killed = isKilled ? `, and was killed ${afterMs} ms after its start` : '';
  return { what: 'second terminal', detail: `A second terminal asked for ${job}${killed}` };
}

interface Hit {
  job: ChaosJob;
  target: Target;
  details: JobDetails;
}

/** A process of this kind, of a job of which the book says that it may be hit. Looked at last, so that it is alive now. */
async function findTarget(
  world: World,
  dice: Dice,
  role: Role,
  mayBeHit: (job: ChaosJob, details: JobDetails) => boolean,
): Promise<Hit | undefined> {
  const [which, whichOfIts] = [dice.next(), dice.next()];
  const { working } = world;
  for (let index = 0; index < working.length; index += 1) {
    const job = working[(Math.floor(which * working.length) + index) % working.length] as ChaosJob;
    const details = await world.details(job);
    if (details.status !== 'processing' || !mayBeHit(job, details)) continue;
    const targets = targetsOf(world.dataDir, job.id).filter((target) => target.role === role);
    const target = targets[Math.floor(whichOfIts * targets.length)];
    if (target) return { job, target, details };
  }
  return undefined;
}

/** A run that loses its owner before it committed anything counts as crashed. */
function mayLoseOwner(world: World): Promise<boolean> {
  return mayAllCrash(world, 1);
}

async function mayAllCrash(world: World, times: number): Promise<boolean> {
  for (const job of world.open) {
    if (!job.mayCrash((await world.details(job)).runs, times)) return false;
  }
  return true;
}
