/**
 * Memory runs out for real: a model that works with more than its name promises, a limit below that, whisper-cli as it is.
 * The wait before a retry is taken off the owner's clock.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OwnerOptions } from '../../src/app.ts';
import type { Config } from '../../src/config/schema.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type { Submission } from '../../src/jobs/submission.ts';
import type { Submitted } from '../../src/jobs/submit.ts';
import { createCgroup } from '../../src/supervisor/cgroup.ts';
import { formatTranscript } from '../../src/transcript/formats/index.ts';
import type { Transcript } from '../../src/transcript/transcript.ts';
import { type OwnerUnderTest, ownConfig, ownerOf } from '../supervisor/owners.ts';
import { Home } from '../support/cli.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';
import { scratchPath } from '../support/scratch.ts';
import { WHISPER_BUILD_TIMEOUT_MS, whisperEngineFolder } from '../support/shared-whisper.ts';
import { speak } from '../support/speech.ts';

const MB = 1024 ** 2;
/** More than `small` needs by its name (484 MB), less than this one takes (900 MB). */
const TOO_LITTLE_BYTES = 600 * MB;
const ENOUGH_BYTES = 2_000 * MB;
const TEXT =
  'Good morning and welcome to the hearing. The committee has before it a report of many pages. Nobody has read all of it.';

const cacheDir = scratchPath('step-down-cache');

/** Where the kernel does not hold the limit, memory is measured twice a second, and these engine workers are gone sooner. */
const probe = createCgroup(`longhand-test-${randomUUID()}`, { memoryBytes: ENOUGH_BYTES });
const isHeld = probe?.hasMemoryLimit ?? false;
probe?.remove();

beforeAll(async () => {
  mkdirSync(join(cacheDir, 'models'), { recursive: true });
  const engines = await whisperEngineFolder();
  if (engines) symlinkSync(engines, join(cacheDir, 'engines'));
  // Each of five beams has a memory of so many tokens in so many layers.
  const hparams = { textContext: 40_000, textLayers: 12 };
  writeGgmlModel(model('small'), { script: [0, ' small', 1], hparams });
  writeGgmlModel(model('tiny'), { script: [0, ' tiny', 1] });
}, WHISPER_BUILD_TIMEOUT_MS);

function model(name: string): string {
  return join(cacheDir, 'models', `ggml-${name}.bin`);
}

function config(maxMemoryBytes: number, dataDir?: string): Config {
  return ownConfig({
    ...{ cacheDir, maxMemoryBytes, engine: 'whisper', processes: 1, workers: 1 },
    ...(dataDir ? { dataDir } : {}),
  });
}

/** An owner for whom no wait before a retry is long. */
async function owner(settings: Config): Promise<OwnerUnderTest> {
  let aheadMs = 0;
  const clock: OwnerOptions['clock'] = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const started = await ownerOf(settings, { clock });
  const skipWaits = (id: number) =>
    started.heard(id, (news) => {
      if (news.type === 'state' && news.status === 'retrying') aheadMs += 60_000;
      return news.type === 'state' && (news.status === 'completed' || news.status === 'failed') ? true : undefined;
    });
  return {
    ...started,
    rested: async (id) => {
      await skipWaits(id);
      return await started.api.get(`/api/jobs/${id}/details`);
    },
  };
}

async function wish(changes: Partial<Submission> = {}): Promise<Submission> {
  return {
    path: await speak(TEXT),
    engine: 'whisper',
    model: 'auto',
    language: 'en',
    processes: 1,
    workers: 1,
    preprocessWorkers: 1,
    chunkDurationSeconds: 2,
    overlapSeconds: 0,
    ...changes,
  };
}

async function transcriptOf({ api }: OwnerUnderTest, id: number): Promise<Transcript> {
  return await api.get<Transcript>(`/api/jobs/${id}/transcript?format=json`);
}

describe.skipIf(!isHeld)('a job that runs out of memory', () => {
  test('the next smaller model does it, and the transcript says so', async () => {
    const here = await owner(config(TOO_LITTLE_BYTES));
    const { id, model: submitted } = await here.api.post<Submitted>(
      '/api/jobs',
      await wish({ model: 'auto', language: 'auto' }),
    );
    expect(submitted).toBe('auto');
    const job = await here.rested(id);
    const modelReason = 'memory ran out with small';
    expect(job).toMatchObject({ status: 'completed', model: 'tiny', language: 'en', modelReason, error: null });
    expect(job.runs.map(({ model, processes, error }) => ({ model, processes, kind: error?.kind }))).toEqual([
      { model: 'small', processes: 1, kind: 'memory' },
      { model: 'tiny', processes: 1, kind: undefined },
    ]);
    const log = await here.api.getText(`/api/jobs/${id}/log?lines=1000`);
    expect(log).toMatch(/Speech up to \d\.\d kHz, \d+ dB above the noise/);
    expect(log).toMatch(/Model small: the recording is shorter than 5 min; base is not installed/);
    const { stdout } = await new Home({ LONGHAND_DATA: here.config.dataDir }).run(['show', String(id)]);
    expect(stdout).toMatch(/^Model +tiny: memory ran out with small$/m);
    const transcript = await transcriptOf(here, id);
    expect(transcript).toMatchObject({ model: 'tiny', warnings: ['Memory ran out with small; the model is tiny.'] });
    expect(formatTranscript(transcript, 'vtt')).toContain('NOTE Memory ran out with small; the model is tiny.');
  });

  test('what was committed before stays, and the transcript says from where on the model is another', async () => {
    const settings = config(ENOUGH_BYTES);
    const first = await owner(settings);
    const { id } = await first.api.post<Submitted>('/api/jobs', await wish({ model: 'small' }));
    await first.heard(id, (news) => (news.type === 'progress' && (news.progress.chunk ?? 0) >= 1) || undefined);
    await first.owner.close();
    const second = await owner(config(TOO_LITTLE_BYTES, settings.dataDir));
    await second.api.post(`/api/jobs/${id}/resume`, {});
    const job = await second.rested(id);
    expect(job).toMatchObject({ status: 'completed', model: 'tiny' });
    const { warnings, segments } = await transcriptOf(second, id);
    expect(warnings).toEqual([
      expect.stringMatching(/^Memory ran out with small; from 0:00:\d\d on the model is tiny\.$/),
    ]);
    const words = segments.flatMap((segment) => segment.words.map(({ text }) => text));
    expect(words.indexOf('tiny')).toBeGreaterThan(words.lastIndexOf('small'));
    expect(words).toContain('small');
  });
});
