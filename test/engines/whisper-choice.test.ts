import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { RUNNER_BYTES } from '../../src/domain/model-choice.ts';
import type { RecordingFacts } from '../../src/engines/engine.ts';
import { whisper } from '../../src/engines/whisper.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';
import { scratchPath } from '../support/scratch.ts';

const GB = 1024 ** 3;
const HOUR: RecordingFacts = {
  durationSeconds: 3_600,
  quality: undefined,
  language: 'auto',
  processes: 2,
  freeBytes: 16 * GB,
  limitBytes: 16 * GB,
};
const cacheDir = scratchPath('choice');
const englishOnly = scratchPath('choice-english');
const none = { cacheDir: scratchPath('choice-none') };

beforeAll(() => {
  for (const name of ['tiny', 'base', 'medium']) install(cacheDir, name);
  install(englishOnly, 'base', 51_864);
});

/** A small file under a published model's name: what it works with is taken from the name. */
function install(cache: string, name: string, vocab = 51_865): string {
  mkdirSync(join(cache, 'models'), { recursive: true });
  const path = join(cache, 'models', `ggml-${name}.bin`);
  writeGgmlModel(path, { script: [0, ' yes', 1], hparams: { vocab } });
  return path;
}

const choose = (changes: Partial<RecordingFacts> = {}, cache = cacheDir) =>
  whisper.chooseModel?.({ ...HOUR, ...changes }, { cacheDir: cache });
const needBytes = (model: string, processes = 1, settings = { cacheDir }) =>
  whisper.memoryNeedBytes({ model, processes }, settings);

describe('auto', () => {
  test('is decided by the recording, and says why', async () => {
    expect(await choose()).toEqual({
      model: {
        name: 'medium',
        path: join(cacheDir, 'models', 'ggml-medium.bin'),
        reason: 'the recording is 60 min long',
      },
      processes: 2,
    });
    expect(await choose({ durationSeconds: 60 })).toMatchObject({ model: { name: 'base' } });
  });

  test('keeps to the memory there is: fewer engine workers first, then a smaller model', async () => {
    const limitBytes = await needBytes('medium');
    expect(await choose({ limitBytes })).toMatchObject({ model: { name: 'medium' }, processes: 1 });
    expect(await choose({ limitBytes: limitBytes - 1 })).toMatchObject({
      model: { name: 'base', reason: expect.stringContaining('medium needs') },
      processes: 2,
    });
    await expect(choose({ freeBytes: 1 })).rejects.toMatchObject({ kind: 'memory', remedy: 'Close other programs.' });
  });

  test('knows by the file, not by its name, what understands English only', async () => {
    await expect(choose({ language: 'th' }, englishOnly)).rejects.toMatchObject({ kind: 'model' });
    expect(await choose({ language: 'en' }, englishOnly)).toMatchObject({ model: { name: 'base' } });
    const settings = { cacheDir: englishOnly };
    await expect(whisper.resolveModel('auto', settings, 'th')).rejects.toMatchObject({ kind: 'model' });
    expect(await whisper.resolveModel('auto', settings, 'en')).toEqual({ name: 'auto' });
  });

  test('without any model it says what to do', async () => {
    await expect(choose({}, none.cacheDir)).rejects.toMatchObject({ remedy: 'Run: longhand models pull base' });
  });
});

describe('how much memory a job needs', () => {
  test('grows with its engine workers, by the installed file, whether named or given as a path', async () => {
    const [one, two] = [await needBytes('medium'), await needBytes('medium', 2)];
    expect(two - RUNNER_BYTES).toBe(2 * (one - RUNNER_BYTES));
    expect(await needBytes(join(cacheDir, 'models', 'ggml-medium.bin'))).toBe(one);
    expect(one).toBeGreaterThan(await needBytes('base'));
  });

  test('for auto is the least that could do it, however many engine workers are wished for', async () => {
    expect(await needBytes('auto', 4)).toBe(await needBytes('tiny'));
  });

  test('without its model is that of the runner, which says so', async () => {
    for (const model of ['small', 'auto', '/nowhere/ggml-x.bin']) {
      expect(await needBytes(model, 4, none)).toBe(RUNNER_BYTES);
    }
  });
});

describe('the next smaller model', () => {
  const smaller = (model: string, language = 'en') => whisper.smallerModel?.({ model, language }, { cacheDir });

  test('is an installed one', async () => {
    expect(await smaller('medium')).toEqual({ model: 'base' });
    expect(await smaller('base')).toEqual({ model: 'tiny' });
    expect(await smaller('/elsewhere/ggml-large-v3.bin')).toEqual({ model: 'medium' });
  });

  test('when there is none, why and what to do', async () => {
    expect(await smaller('tiny')).toEqual({
      problem: 'No installed model is known to need less memory than tiny. Close other programs.',
    });
    const small = install(cacheDir, 'small.en', 51_864);
    expect(await smaller('medium', 'en')).toEqual({ model: 'small.en' });
    expect(await smaller('medium', 'th')).toEqual({ model: 'base' });
    rmSync(small);
  });
});
