import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { canTransition, JOB_STATUSES, type JobStatus } from '../../../src/domain/job.ts';
import { explainRefusal, finishJob, forgiveCrashes, transition, updateHeartbeat } from '../../../src/store/jobs.ts';
import type { Store } from '../../../src/store/store.ts';
import type { OpenEmpty } from '../conformance.ts';
import {
  ACTORS,
  anyStep,
  canBeClaimed,
  expectSound,
  JOBS,
  type ModelJob,
  refusedFor,
  type Step,
  submitted,
  take,
} from '../state-model.ts';
import { claim, everything, submit, type TestClock, testClock, working } from '../support.ts';

const BEAT_SECONDS = 10;
/** Each step is asked for over a connection; what the model finds out about the store's logic it finds on either. */
const RUNS_ON_A_SERVER = 50;

export function stateTableTests(open: OpenEmpty): void {
  test('whoever asks for what, the rows stay sound, and what is refused says why and leaves no trace', async () => {
    const clock = testClock();
    const store = await open(clock);
    // Thousands of commits, none of which has to outlive the test.
    if (store.dialect === 'sqlite') await sql`pragma synchronous = off`.execute(store.db);
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 24, size: 'max' }), async (steps) => {
        const world = await newWorld(store, clock);
        let before = await everything(store);
        for (const step of steps) {
          const won = await play(world, step);
          const after = await everything(store);
          if (!won) expect(after).toEqual(before);
          expectSound(after, world.jobs);
          expect(after.events!.length - before.events!.length).toBe(won && isStep(step) ? 1 : 0);
          before = after;
        }
      }),
      { numRuns: store.dialect === 'sqlite' ? 250 : RUNS_ON_A_SERVER },
    );
  });

  test.each(JOB_STATUSES)('from %s a job goes where the table says, and else is told why not', async (from) => {
    const store = await open(testClock());
    for (const to of JOB_STATUSES) {
      const id = await jobIn(store, from);
      const before = await everything(store);
      const won = await transition(store, id, to, { actor: 'user', reason: 'because' });
      expect(won).toBe(canTransition(from, to) && to !== 'processing');
      if (won) continue;
      expect(await everything(store)).toEqual(before);
      const wanted =
        to === 'processing' && from === 'pending' ? 'by a claim alone' : `A ${from} job cannot become ${to}`;
      expect(await explainRefusal(store, id, to)).toContain(wanted);
    }
  });
}

/** What the steps of one run are about. */
interface World {
  store: Store;
  clock: TestClock;
  jobs: ModelJob[];
  /** For each actor and job the last lease that the actor got, stale or not. */
  leases: (string | undefined)[][];
}

/** Nothing but this world's jobs is in the store, so that a trace of any kind is seen. */
async function newWorld(store: Store, clock: TestClock): Promise<World> {
  await store.db.deleteFrom('transcription_jobs').execute();
  await store.db.deleteFrom('events').execute();
  const jobs: ModelJob[] = [];
  while (jobs.length < JOBS) jobs.push(submitted(await submit(store)));
  return { store, clock, jobs, leases: Array.from({ length: ACTORS }, () => []) };
}

/** Whether the step changes a job's state, which is an event; a heartbeat is none. */
function isStep(step: Step): boolean {
  return step.do === 'claim' || step.do === 'move' || step.do === 'finish';
}

/** Does the step in the store and in the model; they must agree. @returns whether anything was changed */
async function play(world: World, step: Step): Promise<boolean> {
  switch (step.do) {
    case 'wait':
      world.clock.advance(step.ms);
      return false;
    case 'claim':
      return await playClaim(world, step);
    case 'move':
      return await playMove(world, step);
    case 'finish':
      return await playFinish(world, step);
    case 'beat':
      return await playBeat(world, step);
    case 'forgive':
      return await playForgive(world, step);
  }
}

type Played<Kind extends Step['do']> = Extract<Step, { do: Kind }>;

async function playClaim(world: World, { actor, job }: Played<'claim'>): Promise<boolean> {
  const { store, clock, jobs, leases } = world;
  const wanted = job === undefined ? jobs : [jobs[job]!];
  const possible = wanted.filter((candidate) => canBeClaimed(candidate, clock.now()));
  const claimed = await claim(store, job === undefined ? undefined : wanted.map(({ id }) => id));
  if (possible.length === 0) {
    expect(claimed).toBeUndefined();
    return false;
  }
  const taken = possible.find(({ id }) => id === claimed?.job.id)!;
  expect(taken).toBeDefined();
  taken.status = 'processing';
  taken.lease = claimed!.run.lease_token;
  taken.runs += 1;
  leases[actor]![jobs.indexOf(taken)] = taken.lease;
  return true;
}

async function playMove(world: World, step: Played<'move'>): Promise<boolean> {
  const { store, clock, jobs } = world;
  const { to, from, delayMs } = step;
  const job = jobs[step.job]!;
  const token = leaseOf(world, step);
  const refused = refusedFor(job, to, { from, token });
  const how = { ...(from ? { from } : {}), ...(token === undefined ? {} : { leaseToken: token }) };
  const crashed = job.status === 'processing' && to === 'pending';
  const won = await transition(store, job.id, to, {
    ...how,
    actor: `actor ${step.actor}`,
    reason: 'because',
    notBefore: clock.now() + delayMs,
    ...(crashed ? { set: { crash_count: job.crashes + 1 } } : {}),
  });
  expect(won).toBe(refused === undefined);
  if (refused !== undefined) expect(await explainRefusal(store, job.id, to, how)).toContain(refused);
  else {
    if (crashed) job.crashes += 1;
    take(job, to, clock.now() + delayMs);
  }
  return won;
}

async function playFinish(world: World, step: Played<'finish'>): Promise<boolean> {
  const { store, jobs } = world;
  const job = jobs[step.job]!;
  const token = leaseOf(world, step)!;
  const refused = refusedFor(job, 'completed', { token });
  const result = { transcript: 'text', elapsedSeconds: job.elapsedSeconds + 1, speed: 1 };
  const won = await finishJob(store, job.id, token, result);
  expect(won).toBe(refused === undefined);
  if (refused !== undefined) {
    expect(await explainRefusal(store, job.id, 'completed', { leaseToken: token })).toContain(refused);
  } else {
    job.elapsedSeconds += 1;
    take(job, 'completed', 0);
  }
  return won;
}

async function playBeat(world: World, step: Played<'beat'>): Promise<boolean> {
  const { store, jobs, clock } = world;
  const job = jobs[step.job]!;
  const leaseToken = leaseOf(world, step)!;
  const elapsedSeconds = job.elapsedSeconds + BEAT_SECONDS;
  const won = await updateHeartbeat(store, job.id, { leaseToken, leaseUntil: clock.now() + 1, elapsedSeconds });
  expect(won).toBe(job.lease === leaseToken);
  if (won) job.elapsedSeconds = elapsedSeconds;
  return won;
}

async function playForgive({ store, jobs }: World, step: Played<'forgive'>): Promise<boolean> {
  const job = jobs[step.job]!;
  const won = await forgiveCrashes(store, job.id);
  expect(won).toBe(job.status === 'pending');
  if (won) {
    job.crashes = 0;
    job.limitFromSeconds = job.elapsedSeconds;
  }
  return won;
}

/** A lease that an actor never got is one that nobody ever got. */
function leaseOf({ leases }: World, { lease, actor, job }: Played<'move' | 'finish' | 'beat'>): string | undefined {
  if (lease === 'none') return undefined;
  const whose = lease === 'own' ? actor : (actor + 1) % ACTORS;
  return leases[whose]![job] ?? 'never given';
}

/** A new job that went to the state by the steps of the table. */
async function jobIn(store: Store, status: JobStatus): Promise<number> {
  if (status === 'pending') return await submit(store);
  const { job } = await working(store);
  if (status === 'processing') return job.id;
  expect(await transition(store, job.id, status, { actor: 'test', reason: 'to get there' })).toBe(true);
  return job.id;
}
