/** The queue of a real owner: what starts, what waits and why, what is tried again. Its runners do as they are asked. */
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { LonghandError } from '../../src/domain/errors.ts';
import type { JobDetails } from '../../src/jobs/view.ts';
import type { News } from '../../src/supervisor/news.ts';
import { eventually } from '../chaos/support.ts';
import { scratchPath } from '../support/scratch.ts';
import { MISBEHAVING_RUNNER, type OwnerUnderTest, ownerOf, ownerUnderTest } from './owners.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

afterEach(() => {
  delete process.env.MISBEHAVIOUR;
  delete process.env.FAILURE;
  delete process.env.MAY_STOP;
});

/** Runners that are started from now on do this. */
function runnersNow(behaviour: string, failure?: { kind: string; message: string; remedy?: string }): void {
  process.env.MISBEHAVIOUR = behaviour;
  if (failure) process.env.FAILURE = JSON.stringify(failure);
}

/** The time of day, with a hand on it. */
function shiftedClock(start = Date.now()) {
  let offset = start - Date.now();
  const clock: Clock = { ...systemClock, now: () => Date.now() + offset };
  return {
    clock,
    advance: (ms: number) => {
      offset += ms;
    },
  };
}

const runnerPath = MISBEHAVING_RUNNER;

function details({ api }: OwnerUnderTest, id: number): Promise<JobDetails> {
  return api.get<JobDetails>(`/api/jobs/${id}/details`);
}

async function becomes({ heard }: OwnerUnderTest, id: number, status: string): Promise<void> {
  await heard(id, (news) => (news.type === 'state' && news.status === status) || undefined);
}

function whyOf({ heard }: OwnerUnderTest, id: number): Promise<string> {
  return heard(id, (news: News) => (news.type === 'waiting' ? news.why : undefined));
}

describe('a job whose run fails', () => {
  it('for the network waits, is tried again when the wait is over, and its history tells it', async () => {
    const { clock, advance } = shiftedClock();
    const owner = await ownerUnderTest({}, { runnerPath, clock, dice: () => 0.5 });
    runnersNow('fails as asked', { kind: 'network', message: 'The server did not answer.' });
    const id = await owner.submit();
    await becomes(owner, id, 'retrying');
    expect(await details(owner, id)).toMatchObject({ status: 'retrying', retryCount: 1 });
    const { text } = await owner.api.getLog(`/api/jobs/${id}/log?lines=1`);
    expect(text).toMatch(/ WARNING supervisor +Retry 1\/3 in 30 s: The server did not answer\.\n$/);
    runnersNow('finishes at once');
    advance(31_000);
    const job = await owner.rested(id);
    expect(job.status).toBe('completed');
    expect(job.error).toBeNull();
    expect(job.runs.map(({ outcome }) => outcome)).toEqual(['failed', 'completed']);
    expect(job.events.map(({ reason }) => reason)).toContain('Retry 1/3 in 30 s: The server did not answer.');
  });

  it('again and again fails in the end, and says how often it was tried', async () => {
    const { clock, advance } = shiftedClock();
    const owner = await ownerUnderTest({ maxRetries: 1 }, { runnerPath, clock });
    const remedy = 'Start the server.';
    runnersNow('fails as asked', { kind: 'network', message: 'The server did not answer.', remedy });
    const id = await owner.submit();
    await becomes(owner, id, 'retrying');
    advance(10 * MINUTE_MS);
    const job = await owner.rested(id);
    expect(job.error).toEqual({
      kind: 'network',
      message: 'Failed after 1 retry: The server did not answer.',
      remedy,
    });
  });

  it('for the recording itself is not tried again', async () => {
    const owner = await ownerUnderTest({}, { runnerPath });
    runnersNow('fails as asked', { kind: 'input', message: 'This is no recording.' });
    const job = await owner.rested(await owner.submit());
    expect(job).toMatchObject({ status: 'failed', retryCount: 0, error: { message: 'This is no recording.' } });
    expect(job.runs).toHaveLength(1);
  });

  it('waits for its retry over a restart of the owner', async () => {
    const { clock, advance } = shiftedClock();
    const first = await ownerUnderTest({}, { runnerPath, clock });
    runnersNow('fails as asked', { kind: 'network', message: 'The server did not answer.' });
    const id = await first.submit();
    await becomes(first, id, 'retrying');
    await first.owner.close();
    runnersNow('finishes at once');
    const second = await ownerOf(first.config, { runnerPath, clock, takesAll: true });
    expect(await details(second, id)).toMatchObject({ status: 'retrying' });
    advance(10 * MINUTE_MS);
    expect(await second.rested(id)).toMatchObject({ status: 'completed' });
  });
});

describe('outside the hours for work', () => {
  const flags = { quietHours: '22:00-07:00', timeZone: 'UTC' };
  const at = (hour: number) => Date.UTC(2026, 0, 5, hour);

  it('a job waits and says until when; a running one pauses when they end and goes on when they begin', async () => {
    const { clock, advance } = shiftedClock(at(21));
    const owner = await ownerUnderTest(flags, { runnerPath, clock });
    runnersNow('works until it is stopped');
    const id = await owner.submit();
    expect(await whyOf(owner, id)).toMatch(/Outside the hours for work; it goes on at /);
    expect((await details(owner, id)).runs).toEqual([]);
    advance(1.5 * HOUR_MS);
    await becomes(owner, id, 'processing');
    advance(9 * HOUR_MS);
    await becomes(owner, id, 'paused');
    expect(await details(owner, id)).toMatchObject({ status: 'paused', pausedBy: 'quiet hours' });
    runnersNow('finishes at once');
    advance(15 * HOUR_MS);
    expect(await owner.rested(id)).toMatchObject({ status: 'completed', pausedBy: null });
  });
});

describe('a job that is paused by a person', () => {
  it('while it stops for the hours does not go on with them', async () => {
    const { clock, advance } = shiftedClock(Date.UTC(2026, 0, 5, 6));
    const owner = await ownerUnderTest({ quietHours: '22:00-07:00', timeZone: 'UTC' }, { runnerPath, clock });
    const mayStop = scratchPath('may-stop');
    process.env.MAY_STOP = mayStop;
    runnersNow('stops when it may');
    const id = await owner.submit();
    await becomes(owner, id, 'processing');
    const asked = owner.heard(id, (news) => (news.type === 'log' && news.message === 'asked to stop') || undefined);
    advance(2 * HOUR_MS);
    await asked;
    await owner.api.post(`/api/jobs/${id}/pause`);
    writeFileSync(mayStop, '');
    expect(await owner.rested(id)).toMatchObject({ status: 'paused', pausedBy: 'user' });
  });
});

describe('memory', () => {
  it('that is not free keeps a job waiting, which says so, and starts it when it is', async () => {
    let free = 0;
    const owner = await ownerUnderTest({}, { runnerPath, freeMemoryBytes: () => free });
    runnersNow('finishes at once');
    const id = await owner.submit();
    expect(await whyOf(owner, id)).toMatch(/It needs .* of memory, and 0 .*are free/);
    free = 64 * 1024 ** 3;
    expect(await owner.rested(id)).toMatchObject({ status: 'completed' });
  });

  it('that the job could never have here refuses it at once, with what to do', async () => {
    const owner = await ownerUnderTest({ maxMemoryBytes: 1024 ** 2 }, { runnerPath });
    const job = await owner.rested(await owner.submit());
    expect(job).toMatchObject({ status: 'failed', runs: [], error: { kind: 'memory' } });
    expect(job.error?.message).toMatch(/It needs .* of memory, and a job can have 1\.0 MB here\.$/);
    expect(job.error?.remedy).toMatch(/^Hand the recording in again with another --model .* longhand retry 1$/);
  });
});

describe('at most so many jobs at once', () => {
  it('run, each in a process of its own; the next starts when one ends', async () => {
    const owner = await ownerUnderTest({ maxConcurrent: 3 }, { runnerPath });
    runnersNow('works until it is stopped');
    const ids = [await owner.submit(), await owner.submit(), await owner.submit(), await owner.submit()];
    await Promise.all(ids.slice(0, 3).map((id) => becomes(owner, id, 'processing')));
    const running = await Promise.all(ids.map((id) => details(owner, id)));
    expect(running.map(({ status }) => status)).toEqual(['processing', 'processing', 'processing', 'pending']);
    await owner.api.post(`/api/jobs/${ids[0]}/cancel`);
    await becomes(owner, ids[3] as number, 'processing');
    const pids = await Promise.all(ids.map(async (id) => (await details(owner, id)).runs[0]?.pid));
    expect(new Set(pids).size).toBe(4);
  });
});

describe('with the queue switched off', () => {
  it('what cannot start at once is refused, and nothing of it is left', async () => {
    const owner = await ownerUnderTest({ queueEnabled: false, maxConcurrent: 1 }, { runnerPath });
    runnersNow('works until it is stopped');
    const id = await owner.submit();
    const refused = await owner.submit().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LonghandError);
    expect((refused as LonghandError).message).toMatch(
      /^The recording was not accepted: A job is running\. The queue is/,
    );
    expect((await owner.api.get<{ jobs: unknown[] }>('/api/jobs')).jobs).toHaveLength(1);
    // One that is there already needs no place.
    expect(await owner.submit({ again: false })).toBe(id);
    await owner.api.post(`/api/jobs/${id}/cancel`);
    runnersNow('finishes at once');
    // The place is free when the process is gone.
    const next = await eventually(() => owner.submit().catch(() => undefined), 'a free place');
    expect(await owner.rested(next)).toMatchObject({ status: 'completed' });
  });
});
