import { randomUUID } from 'node:crypto';
import { commitChunk, planChunks } from '../../src/store/chunks.ts';
import { finishJob } from '../../src/store/jobs.ts';
import { claimNext } from '../../src/store/queue.ts';
import { endRun, setRunFacts } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';
import { submit, type TestClock } from './support.ts';

const SAMPLE_RATE_HZ = 16_000;

export interface Measured {
  machine?: string;
  engine?: string;
  model?: string;
  processes?: number;
  workers?: number;
  /** Seconds of speech, and what the engine workers took for it together, chunk by chunk. */
  chunks?: readonly { seconds: number; workSeconds: number }[];
  /** How long the run takes. */
  seconds?: number;
}

/** A job whose one run has turned speech into text. @returns the run's id */
export async function measuredRun(store: Store, clock: TestClock, measured: Measured = {}): Promise<number> {
  const { machine = 'here', engine = 'pocketsphinx', model = 'en-us', processes = 2, workers = 1 } = measured;
  const { chunks = [{ seconds: 600, workSeconds: 120 }], seconds = 60 } = measured;
  const id = await submit(store, { engine, model, processes, workers });
  const claimed = await claimNext(store, {
    leaseToken: randomUUID(),
    leaseUntil: clock.now() + 30_000,
    node: 'node',
    runToken: randomUUID(),
    only: [id],
    machine,
  });
  const { run } = claimed!;
  await setRunFacts(store, run.id, { engine, model, processes, workers });
  let at = 0;
  const plan = chunks.map((chunk, number) => {
    const startSample = at;
    at += chunk.seconds * SAMPLE_RATE_HZ;
    return { number, startSample, endSample: at, speech: true };
  });
  const silence = { number: plan.length, startSample: at, endSample: at + SAMPLE_RATE_HZ, speech: false };
  await planChunks(store, id, run.lease_token, [...plan, silence]);
  for (const [number, { workSeconds }] of chunks.entries()) {
    const result = { number, words: [], engine, model, workMs: workSeconds * 1000, runId: run.id };
    await commitChunk(store, id, run.lease_token, result);
  }
  clock.advance(seconds * 1000);
  await endRun(store, run.id, { outcome: 'completed' });
  await finishJob(store, id, run.lease_token, { transcript: '', elapsedSeconds: seconds, speed: 1 });
  return run.id;
}
