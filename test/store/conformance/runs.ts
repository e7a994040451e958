import { expect, test } from 'vitest';
import { finishJob, transition } from '../../../src/store/jobs.ts';
import {
  endRun,
  getRun,
  latestRun,
  listRuns,
  runsByToken,
  setRunFacts,
  setRunProcess,
  unendedRuns,
} from '../../../src/store/runs.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, everything, submit, testClock, working } from '../support.ts';

export function runTests(open: OpenEmpty): void {
  test('a run knows its process and what it uses', async () => {
    const store = await open(testClock());
    const { run } = await working(store);
    expect(await setRunProcess(store, run.id, { pid: 9, startTime: '123456', bootId: 'b' })).toBe(true);
    expect(await setRunFacts(store, run.id, { engine: 'whisper', model: 'tiny', versions: { ffmpeg: '5.1' } })).toBe(
      true,
    );
    expect(await setRunFacts(store, run.id, {})).toBe(true);
    expect(await getRun(store, run.id)).toMatchObject({
      ...{ pid: 9, pid_start_time: '123456', boot_id: 'b', engine: 'whisper', model: 'tiny' },
      versions: '{"ffmpeg":"5.1"}',
    });
  });

  test('a run ends once, with its evidence', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { run } = await working(store);
    clock.advance(9);
    const end = {
      outcome: 'crashed',
      exitCode: null,
      exitSignal: 'SIGKILL',
      error: { kind: 'memory', message: 'Killed', remedy: 'Use a smaller model', evidence: 'tail' },
      peakMemoryBytes: 3_000_000_000,
      cpuSeconds: 1.5,
    } as const;
    expect(await endRun(store, run.id, end)).toBe(true);
    const before = await everything(store);
    expect(await endRun(store, run.id, { outcome: 'orphaned' })).toBe(false);
    expect(await setRunProcess(store, run.id, { pid: 1, startTime: null, bootId: null })).toBe(false);
    expect(await setRunFacts(store, run.id, {})).toBe(false);
    expect(await everything(store)).toEqual(before);
    expect(await getRun(store, run.id)).toMatchObject({
      ...{ outcome: 'crashed', ended_at: clock.now(), exit_code: null, exit_signal: 'SIGKILL', evidence: 'tail' },
      ...{ error_kind: 'memory', error_message: 'Killed', error_remedy: 'Use a smaller model' },
      ...{ peak_memory_bytes: 3_000_000_000, cpu_seconds: 1.5 },
    });
  });

  test('how a run went is known with the result of its job, before its processes are gone', async () => {
    const store = await open(testClock());
    const { job, run, lease } = await working(store);
    const result = { transcript: 'text', elapsedSeconds: 1, speed: 1 };
    expect(await finishJob(store, job.id, 'another', result)).toBe(false);
    expect(await getRun(store, run.id)).toMatchObject({ outcome: null, ended_at: null });
    expect(await finishJob(store, job.id, lease, result)).toBe(true);
    expect(await getRun(store, run.id)).toMatchObject({ outcome: 'completed', ended_at: null });
    expect((await unendedRuns(store)).map((unended) => unended.run.id)).toEqual([run.id]);
    expect(await endRun(store, run.id, { outcome: 'completed', peakMemoryBytes: 7 })).toBe(true);
  });

  test('what a program printed is kept whatever its bytes; at most a NUL is told as not readable', async () => {
    const store = await open(testClock());
    const { run } = await working(store);
    await endRun(store, run.id, { outcome: 'crashed', evidence: 'a\0b\u0007 ß 🎙' });
    const { evidence } = (await getRun(store, run.id))!;
    expect(evidence?.replace('\0', '\ufffd')).toBe('a\ufffdb\u0007 ß 🎙');
  });

  test('unended runs come with their jobs', async () => {
    const store = await open(testClock());
    const first = await working(store);
    const second = await working(store);
    const third = await working(store);
    await endRun(store, first.run.id, { outcome: 'completed' });
    expect(await unendedRuns(store)).toEqual([
      { run: second.run, job: second.job },
      { run: third.run, job: third.job },
    ]);
  });

  test('two unended runs of one job come with the same job', async () => {
    const store = await open(testClock());
    const { job, run } = await working(store);
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Node lost' });
    const again = (await claim(store))!;
    expect(await unendedRuns(store)).toEqual([
      { run, job: again.job },
      { run: again.run, job: again.job },
    ]);
  });

  test('runs are found by the tokens of their processes, ended or not', async () => {
    const clock = testClock();
    const store = await open(clock);
    const [first, second, third] = [await working(store), await working(store), await working(store)];
    await endRun(store, first.run.id, { outcome: 'completed' });
    const row = ({ run }: typeof first, ended_at: number | null) => {
      const { id, job_id, token } = run;
      return { id, job_id, token, ended_at };
    };
    const found = [row(first, clock.now()), row(second, null)];
    const { token } = second.run;
    expect(await runsByToken(store, [token, 'another program’s', first.run.token, token])).toEqual(found);
    expect(await runsByToken(store, [])).toEqual([]);
    expect(await runsByToken(store, [third.run.lease_token, ''])).toEqual([]);
  });

  test('any number of tokens may be asked for', async () => {
    const store = await open(testClock());
    const [first, second] = [await working(store), await working(store)];
    const strange = Array.from({ length: 40_000 }, (_, index) => `strange ${index}`);
    const found = await runsByToken(store, [second.run.token, ...strange, first.run.token]);
    expect(found.map(({ id }) => id)).toEqual([first.run.id, second.run.id]);
  });

  test('the latest run of a job is the one that was claimed last', async () => {
    const store = await open(testClock());
    const idle = await submit(store, { priority: -1 });
    const { job, run } = await working(store);
    expect(await latestRun(store, job.id)).toEqual(run);
    await endRun(store, run.id, { outcome: 'stopped' });
    expect(await latestRun(store, job.id)).toMatchObject({ id: run.id, outcome: 'stopped' });
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Restart' });
    const again = (await claim(store, [job.id]))!;
    expect(await latestRun(store, job.id)).toEqual(again.run);
    expect(await latestRun(store, idle)).toBeUndefined();
    expect(await latestRun(store, 77)).toBeUndefined();
  });

  test('every attempt is kept', async () => {
    const store = await open(testClock());
    const { job, run } = await working(store);
    await endRun(store, run.id, { outcome: 'stopped', reason: 'shutdown' });
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Restart' });
    await claim(store);
    expect(await listRuns(store, job.id)).toMatchObject([
      { number: 1, outcome: 'stopped', reason: 'shutdown' },
      { number: 2, outcome: null },
    ]);
  });
}
