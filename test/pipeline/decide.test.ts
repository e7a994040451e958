/** Decisions of real runs: a real store, the real Whisper engine, small models under published names. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import type { SoundQuality } from '../../src/domain/model-choice.ts';
import { whisper } from '../../src/engines/whisper.ts';
import type { Checkpoint } from '../../src/pipeline/checkpoint.ts';
import type { JobParameters, RunOrder } from '../../src/pipeline/order.ts';
import type { PipelineContext } from '../../src/pipeline/pipeline.ts';
import { decide } from '../../src/pipeline/stages/decide.ts';
import type { CheckpointVerb } from '../../src/runner/protocol.ts';
import { getJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { endRun, listRuns } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';
import { answerRequest } from '../../src/supervisor/requests.ts';
import { runOrderFor } from '../../src/supervisor/run-order.ts';
import { claim, submit } from '../store/support.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';
import { scratchPath } from '../support/scratch.ts';

const GB = 1024 ** 3;
const HOUR = { samples: 3_600 * 16_000, warnings: [] };
const settings = { cacheDir: scratchPath('decide-cache') };
let stores = 0;
let store: Store;

beforeAll(() => {
  mkdirSync(join(settings.cacheDir, 'models'), { recursive: true });
  for (const name of ['tiny', 'base', 'medium']) writeGgmlModel(pathOf(name), { script: [0, ' yes', 1] });
});

beforeEach(async () => {
  stores += 1;
  store = await openStore({ file: scratchPath(`decide-${stores}.db`), clock: systemClock });
});
afterEach(() => store.close());

function pathOf(name: string): string {
  return join(settings.cacheDir, 'models', `ggml-${name}.bin`);
}

interface Circumstances {
  memoryLimitBytes?: number;
  freeBytes?: number;
  cores?: number;
  quality?: SoundQuality;
}

async function job(asked: { model?: string; processes?: number; workers?: number } = {}): Promise<number> {
  const parameters = {
    ...{ engine: 'whisper', model: 'auto', language: 'en', processes: 2, workers: 1, preprocessWorkers: 1 },
    ...{ overlapSeconds: 0, ...asked },
  };
  return await submit(store, { engine: 'whisper', model: parameters.model, processes: 2, parameters });
}

/** A run of the job comes to its decision, and ends. */
async function run(id: number, circumstances: Circumstances = {}) {
  const { memoryLimitBytes = 16 * GB, freeBytes = 16 * GB, cores = 4, quality } = circumstances;
  await store.db.updateTable('transcription_jobs').set({ status: 'pending' }).where('id', '=', id).execute();
  await store.db.updateTable('transcription_queue').set({ started_at: null }).where('job_id', '=', id).execute();
  const claimed = await claim(store, [id]);
  if (!claimed) throw new Error('The job could not be claimed.');
  const options = { jobDir: '/nowhere', settings, versions: {}, memoryLimitBytes, cores };
  const order = await runOrderFor(
    store,
    claimed.job,
    JSON.parse(claimed.job.parameters ?? '{}') as JobParameters,
    options,
  );
  const lines: string[] = [];
  try {
    const decided = await decide(
      contextOf(order, claimed, freeBytes, lines),
      { ...HOUR, ...(quality ? { quality } : {}) },
      {
        sample: undefined,
        factorOf: (model) => (model === 'medium' ? 0.5 : 0.1),
      },
    );
    return { ...decided, lines };
  } finally {
    await endRun(store, claimed.run.id, { outcome: 'failed' });
  }
}

type Claimed = NonNullable<Awaited<ReturnType<typeof claim>>>;

function contextOf(order: RunOrder, claimed: Claimed, freeBytes: number, lines: string[]): PipelineContext {
  const scope = { store, jobId: claimed.job.id, runId: claimed.run.id, leaseToken: claimed.run.lease_token };
  const ask =
    (verb: CheckpointVerb) =>
    async (...args: unknown[]) => {
      const answer = await answerRequest({ ...scope, elapsedSeconds: () => 0 }, { id: 1, verb, args });
      if (!answer.ok) throw new Error(JSON.stringify(answer));
      return answer.value;
    };
  const checkpoint = { setStage: ask('setStage'), setFacts: ask('setFacts') } as unknown as Checkpoint;
  return {
    ...{ order, checkpoint, engine: whisper, usableMemoryBytes: () => freeBytes },
    log: (_level: string, _stage: string, message: string) => lines.push(message),
  } as unknown as PipelineContext;
}

/** Memory ran out: what the supervisor writes then. */
async function ranOut(id: number, smaller: string): Promise<void> {
  await store.db.updateTable('transcription_jobs').set({ smaller_model: smaller }).where('id', '=', id).execute();
}

async function recorded(id: number) {
  const [{ model }, runs] = await Promise.all([
    getJob(store, id).then((row) => row ?? { model: '' }),
    listRuns(store, id),
  ]);
  return { model, runs: runs.map((row) => [row.model, row.processes, row.workers]) };
}

const need = (model: string, processes = 1) => whisper.memoryNeedBytes({ model, processes }, settings);

describe('the model', () => {
  test('auto is chosen once, said, and kept by later runs', async () => {
    const id = await job();
    const first = await run(id);
    expect(first).toMatchObject({ model: { name: 'medium', path: pathOf('medium') }, language: 'en', processes: 2 });
    expect(first.lines).toEqual(['Model medium: the recording is 60 min long']);
    expect(await getJob(store, id)).toMatchObject({ model: 'medium', estimated_duration: 1_800 });
    expect(await run(id, { freeBytes: await need('medium') })).toMatchObject({
      model: { name: 'medium' },
      processes: 1,
      lines: [expect.stringMatching(/^Model medium: 1 engine worker instead of 2 to stay within/)],
    });
  });

  test('by the quality that was measured', async () => {
    expect(await run(await job(), { quality: { bandwidthHz: 7_750, snrDb: 31.4 } })).toMatchObject({
      model: { name: 'medium', reason: expect.stringMatching(/its sound is clear \(up to 7\.8 kHz.*; large is not/) },
    });
  });

  test('with less memory: fewer engine workers, with the threads of all; the run records them', async () => {
    const id = await job({ workers: 2 });
    expect(await run(id, { memoryLimitBytes: await need('medium') })).toMatchObject({ processes: 1, workers: 4 });
    expect(await recorded(id)).toEqual({ model: 'medium', runs: [['medium', 1, 4]] });
  });

  test('that nobody has memory for is an error with its remedy, before anything is started', async () => {
    await expect(run(await job(), { freeBytes: 1 })).rejects.toMatchObject({
      kind: 'memory',
      message: expect.stringContaining('The installed model that needs the least memory, tiny, needs'),
    });
  });
});

describe('a model that was asked for', () => {
  test('is never replaced: fewer engine workers hold it', async () => {
    const id = await job({ model: 'medium' });
    expect(await run(id, { memoryLimitBytes: (await need('medium', 2)) - 1 })).toMatchObject({
      model: { name: 'medium' },
      processes: 1,
    });
  });

  test('and does not fit at all is an error that says so, before anything is started', async () => {
    const id = await job({ model: 'medium' });
    await expect(run(id, { memoryLimitBytes: (await need('medium')) - 1 })).rejects.toMatchObject({
      kind: 'memory',
      message: expect.stringMatching(/^Model medium needs .* with one engine worker, and a job may use .*\.$/),
      remedy: 'Use a smaller model, or set MAX_MEMORY_PER_TRANSCRIPTION higher.',
    });
  });

  test('starts when only other programs are in the way, with a warning', async () => {
    const id = await job({ model: 'medium' });
    expect(await run(id, { freeBytes: 1e8 })).toMatchObject({
      processes: 1,
      lines: [expect.stringMatching(/^Model medium needs .* of memory, and 95.4 MB are free$/)],
    });
  });

  test('may be a file', async () => {
    const id = await job({ model: pathOf('medium') });
    expect(await run(id, { memoryLimitBytes: await need('medium') })).toMatchObject({
      model: { name: 'ggml-medium.bin', path: pathOf('medium') },
      processes: 1,
    });
  });
});

describe('after memory ran out', () => {
  test('the smaller model is decided on, recorded, and kept', async () => {
    const id = await job();
    await run(id);
    await ranOut(id, 'base');
    const second = await run(id);
    expect(second).toMatchObject({ model: { name: 'base' }, language: 'en', earlierModels: ['medium'] });
    expect(second.lines).toEqual(['Model base: memory ran out with medium']);
    expect(await recorded(id)).toMatchObject({
      model: 'base',
      runs: [
        ['medium', 2, 1],
        ['base', 2, 1],
      ],
    });
    expect(await getJob(store, id)).toMatchObject({ estimated_duration: 360 });
    expect(await run(id)).toMatchObject({ model: { name: 'base' }, earlierModels: ['medium'], lines: [] });
    await ranOut(id, 'tiny');
    expect(await run(id)).toMatchObject({ model: { name: 'tiny' }, earlierModels: ['medium', 'base'] });
  });

  test('with the model that was asked for before it was ever started', async () => {
    const id = await job({ model: 'medium' });
    await expect(run(id, { memoryLimitBytes: await need('base') })).rejects.toMatchObject({ kind: 'memory' });
    await ranOut(id, 'base');
    expect(await run(id, { memoryLimitBytes: await need('base') })).toMatchObject({
      ...{ model: { name: 'base' }, processes: 1, earlierModels: ['medium'] },
    });
  });
});
