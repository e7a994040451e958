import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { ConfigInput } from '../../src/config/schema.ts';
import { examineMemory } from '../../src/doctor/examine-memory.ts';
import { memoryNeedBytes } from '../../src/domain/model-choice.ts';
import { allEngines } from '../../src/engines/registry.ts';
import { engineSettings } from '../../src/owner-settings.ts';
import { Home } from '../support/cli.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';
import { WHISPER_BUILD_TIMEOUT_MS, whisperEngineFolder } from '../support/shared-whisper.ts';

const home = new Home();
const cacheDir = join(home.folder, 'cache');
const MB = 1024 ** 2;

beforeAll(async () => {
  mkdirSync(join(cacheDir, 'models'), { recursive: true });
  const engines = await whisperEngineFolder();
  if (engines) symlinkSync(engines, join(cacheDir, 'engines'));
  for (const name of ['tiny', 'medium']) {
    writeGgmlModel(join(cacheDir, 'models', `ggml-${name}.bin`), { script: [0, ' yes', 1] });
  }
}, WHISPER_BUILD_TIMEOUT_MS);

function examine(flags: ConfigInput) {
  const { config } = loadConfig({ dataDir: home.dataDir, cacheDir, ...flags }, {});
  return examineMemory(config, allEngines(), engineSettings(config));
}

describe('longhand doctor, of the memory that a job may use', () => {
  test('is content when the smallest model fits and auto may choose', async () => {
    expect(await examine({ maxMemoryBytes: 512 * MB })).toEqual([
      {
        name: 'memory',
        state: 'good',
        detail: 'a job may use 512.0 MB; Whisper with the smallest model needs 290.3 MB',
      },
    ]);
  });

  test('warns when not even that fits, or not the model that was set', async () => {
    expect(await examine({ maxMemoryBytes: 256 * MB })).toMatchObject([{ state: 'warning' }]);
    expect(await examine({ maxMemoryBytes: 512 * MB, model: 'medium' })).toEqual([
      {
        name: 'memory',
        state: 'warning',
        detail: 'a job may use 512.0 MB; Whisper with model medium needs 715.6 MB',
        remedy: 'Set MAX_MEMORY_PER_TRANSCRIPTION to 715.6 MB or more, or choose a smaller model.',
      },
    ]);
    expect(await examine({ engine: 'pocketsphinx', maxMemoryBytes: MB })).toMatchObject([{ state: 'warning' }]);
  });

  test('says nothing where the engine cannot work at all', async () => {
    expect(await examine({ engine: 'whisper', model: 'large' })).toEqual([]);
  });
});

test('longhand models tells what an engine worker needs with each', async () => {
  const { models } = await home.json<{ models: { name: string; sizeBytes: number; memoryBytes: number }[] }>([
    'models',
  ]);
  for (const model of models) expect(model.memoryBytes).toBe(memoryNeedBytes(model));
  expect(models.find(({ name }) => name === 'large')?.memoryBytes).toBe(4_100e6);
  const { stdout } = await home.run(['models']);
  expect(stdout).toMatch(/^MODEL +SIZE +MEMORY +STATE\n/);
  expect(stdout).toMatch(/^large +2\.9 GB +3\.8 GB +-$/m);
});
