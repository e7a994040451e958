import { expect, test } from 'vitest';
import { recordArtifact } from '../../../src/store/artifacts.ts';
import { commitChunk, failChunk, planChunks } from '../../../src/store/chunks.ts';
import { finishJob, registerProcess, setJobFacts, transition, updateHeartbeat } from '../../../src/store/jobs.ts';
import { setStage } from '../../../src/store/stages.ts';
import type { Store } from '../../../src/store/store.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, everything, testClock, working } from '../support.ts';

const CHUNK = { number: 0, startSample: 0, endSample: 16_000, speech: true };
const RESULT = { number: 0, words: [], engine: 'whisper', model: 'base', workMs: 1, runId: 1 };
const FILE = { stage: 'prepare', name: 'audio', path: 'audio.wav', sha256: 'aa', bytes: 1 } as const;

/** Everything that the holder of a lease may do. Each answers false, or undefined, when the lease is not the one. */
const FENCED: Record<string, (store: Store, id: number, leaseToken: string) => Promise<unknown>> = {
  registerProcess: (store, id, leaseToken) => registerProcess(store, id, { pid: 1, logFilePath: 'l', leaseToken }),
  updateHeartbeat: (store, id, leaseToken) => updateHeartbeat(store, id, { leaseToken, leaseUntil: 1, progress: 99 }),
  setJobFacts: (store, id, leaseToken) => setJobFacts(store, id, { leaseToken, model: 'tiny' }),
  planChunks: (store, id, leaseToken) => planChunks(store, id, leaseToken, [CHUNK]),
  commitChunk: (store, id, leaseToken) => commitChunk(store, id, leaseToken, RESULT),
  failChunk: (store, id, leaseToken) => failChunk(store, id, leaseToken, { number: 0, error: 'x' }),
  setStage: (store, id, leaseToken) => setStage(store, id, leaseToken, 'prepare', { status: 'error' }),
  recordArtifact: (store, id, leaseToken) => recordArtifact(store, id, leaseToken, FILE),
  finishJob: (store, id, leaseToken) =>
    finishJob(store, id, leaseToken, { transcript: 'stale', elapsedSeconds: 1, speed: 1 }),
  'transition to pending': (store, id, leaseToken) =>
    transition(store, id, 'pending', { leaseToken, actor: 'ghost', reason: 'stale' }),
  'transition to failed': (store, id, leaseToken) =>
    transition(store, id, 'failed', { leaseToken, actor: 'ghost', reason: 'stale' }),
};

export function fenceTests(open: OpenEmpty): void {
  for (const [name, act] of Object.entries(FENCED)) {
    test(`${name} changes nothing under a stale lease`, async () => {
      const store = await open(testClock());
      const { job, lease } = await working(store);
      // Planning the same twice changes nothing, lease or not; so it gets a job that has no plan yet.
      if (name !== 'planChunks') await planChunks(store, job.id, lease, [CHUNK]);
      await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Node lost' });
      const whilePending = await everything(store);
      expect(await act(store, job.id, lease)).toBeOneOf([false, undefined]);
      expect(await everything(store)).toEqual(whilePending);

      const again = (await claim(store))!;
      const whileOthersWork = await everything(store);
      expect(await act(store, job.id, lease)).toBeOneOf([false, undefined]);
      expect(await act(store, job.id, '')).toBeOneOf([false, undefined]);
      expect(await everything(store)).toEqual(whileOthersWork);

      expect(await act(store, job.id, again.run.lease_token)).toBeOneOf([true, 1]);
      expect(await everything(store)).not.toEqual(whileOthersWork);
    });
  }

  test('a lease of one job opens no other', async () => {
    const store = await open(testClock());
    const mine = await working(store);
    const other = await working(store);
    await planChunks(store, other.job.id, other.lease, [CHUNK]);
    const before = await everything(store);
    for (const act of Object.values(FENCED)) {
      expect(await act(store, other.job.id, mine.lease)).toBeOneOf([false, undefined]);
    }
    expect(await everything(store)).toEqual(before);
  });
}
