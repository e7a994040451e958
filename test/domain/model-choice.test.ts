import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseModel,
  type InstalledModel,
  jobNeedBytes,
  type ModelWish,
  memoryNeedBytes,
  nextSmallerModel,
  processesThatFit,
} from '../../src/domain/model-choice.ts';
import { MODEL_CATALOGUE } from '../../src/engines/models.ts';

const GB = 1024 ** 3;
const RUNNER_BYTES = 100e6;
const CLEAR = { bandwidthHz: 7_000, snrDb: 20 };

function models(...names: string[]): InstalledModel[] {
  return names.map((name) => {
    const published = MODEL_CATALOGUE.find((entry) => entry.name === name);
    if (!published) throw new Error(`No model ${name} in the catalogue.`);
    return { name, sizeBytes: published.sizeBytes };
  });
}
const ALL = models('tiny', 'base', 'small', 'medium', 'large-v3-turbo', 'large');
const model = (name: string) => models(name)[0] as InstalledModel;

function choose(more: Partial<ModelWish> = {}) {
  return chooseModel({
    ...{ durationSeconds: 3600, quality: undefined, language: 'auto', installed: ALL },
    ...{ processes: 2, freeBytes: 64 * GB, limitBytes: 64 * GB },
    ...more,
  });
}
const chosen = (more: Partial<ModelWish> = {}) => {
  const choice = choose(more);
  return 'model' in choice ? choice.model : undefined;
};

describe('which model', () => {
  test('base for less than five minutes, however clear', () => {
    expect(choose({ durationSeconds: 299, quality: CLEAR })).toEqual({
      model: 'base',
      processes: 2,
      reason: 'the recording is shorter than 5 min',
    });
    expect(chosen({ durationSeconds: 300 })).toBe('medium');
  });

  test('large for clear sound: speech up to 7 kHz and 20 dB above the noise, both', () => {
    expect(choose({ quality: CLEAR })).toMatchObject({
      model: 'large',
      reason: 'the recording is 60 min long and its sound is clear (up to 7.0 kHz, 20 dB above the noise)',
    });
    expect(chosen({ quality: { ...CLEAR, bandwidthHz: 6_999 } })).toBe('medium');
    expect(chosen({ quality: { ...CLEAR, snrDb: 19.9 } })).toBe('medium');
  });

  test('medium for anything else, and why', () => {
    expect(choose()).toEqual({ model: 'medium', processes: 2, reason: 'the recording is 60 min long' });
    expect(choose({ quality: { bandwidthHz: 3_400, snrDb: 31 } })).toMatchObject({
      reason:
        'the recording is 60 min long and its sound is not clear enough for large (up to 3.4 kHz, 31 dB above the noise)',
    });
  });

  test.each([
    ['short', { durationSeconds: 60 }, ['base', 'small', 'tiny', 'medium', 'large-v3-turbo', 'large']],
    ['clear', { quality: CLEAR }, ['large', 'large-v3-turbo', 'medium', 'small', 'base', 'tiny']],
    ['ordinary', {}, ['medium', 'large-v3-turbo', 'small', 'base', 'tiny', 'large']],
  ])('only what is installed, for a %s recording in this order', (_, wish, order) => {
    for (const [index, expected] of order.entries()) {
      const installed = ALL.filter(({ name }) => order.indexOf(name) >= index);
      expect(chosen({ ...wish, installed })).toBe(expected);
    }
  });

  test('what is missing is named', () => {
    expect(choose({ installed: models('small') })).toMatchObject({
      model: 'small',
      reason: 'the recording is 60 min long; medium is not installed',
    });
  });

  test('a model of unknown kind only when there is no other', () => {
    const own = { name: 'thai', sizeBytes: 1e9 };
    expect(chosen({ installed: [own, ...models('large')] })).toBe('large');
    expect(chosen({ installed: [own] })).toBe('thai');
  });

  test('whole weights before quantised ones, unless only these fit', () => {
    const quantised = { name: 'medium-q5_0', sizeBytes: 539_212_467 };
    for (const installed of [
      [...ALL, quantised],
      [quantised, ...ALL],
    ]) {
      expect(chosen({ installed })).toBe('medium');
      expect(chosen({ installed, limitBytes: jobNeedBytes(quantised, 1) })).toBe('medium-q5_0');
    }
  });

  test('without any model, what to do', () => {
    expect(choose({ installed: [] })).toEqual({
      kind: 'model',
      problem: 'No Whisper model is installed.',
      remedy: 'Run: longhand models pull base',
    });
  });
});

describe('which language', () => {
  const english = { name: 'medium.en', sizeBytes: 1_533_774_781 };

  test.each(['en', 'en-GB', 'EN'])('%s: the model that knows nothing else is the better one', (language) => {
    expect(chosen({ language, installed: [...ALL, english] })).toBe('medium.en');
  });

  test('no English model for another language, or one that is not known yet', () => {
    for (const language of ['th', 'auto']) expect(chosen({ language, installed: [...ALL, english] })).toBe('medium');
    expect(choose({ language: 'th', installed: [english] })).toEqual({
      kind: 'model',
      problem: "The installed Whisper models understand English only, not 'th'.",
      remedy: 'Run: longhand models pull base',
    });
    expect(choose({ language: 'th', installed: [english, ...models('small')] })).toMatchObject({
      model: 'small',
      reason: 'the recording is 60 min long; medium does not know the language',
    });
  });

  test('when the language is not known and there is nothing else, an English model', () => {
    expect(chosen({ language: 'auto', installed: [english] })).toBe('medium.en');
  });

  test('what the file says counts more than its name', () => {
    const own = { name: 'medium', sizeBytes: 1.5e9, englishOnly: true };
    expect(chosen({ language: 'th', installed: [own] })).toBeUndefined();
    expect(chosen({ language: 'th', installed: [{ ...english, englishOnly: false }] })).toBe('medium.en');
  });
});

describe('within memory', () => {
  test('fewer engine workers before a smaller model', () => {
    const freeBytes = jobNeedBytes(model('medium'), 2) - 1;
    expect(choose({ freeBytes })).toEqual({
      model: 'medium',
      processes: 1,
      reason: 'the recording is 60 min long; 1 engine worker instead of 2 to stay within 4.1 GB',
    });
    expect(choose({ freeBytes: freeBytes + 1 })).toMatchObject({ model: 'medium', processes: 2 });
  });

  test('what does not fit even with one worker is passed by, and its need is told', () => {
    const choice = choose({ quality: CLEAR, limitBytes: 2 * GB });
    expect(choice).toMatchObject({ model: 'large-v3-turbo', processes: 1 });
    expect(choice).toHaveProperty(
      'reason',
      expect.stringContaining('large needs 3.9 GB of memory, and 2.0 GB may be used'),
    );
    expect(choose({ freeBytes: GB, limitBytes: 2 * GB })).toMatchObject({
      model: 'small',
      reason: expect.stringContaining('medium needs 2.1 GB of memory, and 1.0 GB are free; large-v3-turbo needs'),
    });
  });

  test('the smaller of free memory and the limit counts', () => {
    const bytes = jobNeedBytes(model('base'), 1);
    for (const less of [{ freeBytes: bytes }, { limitBytes: bytes }]) {
      expect(choose({ durationSeconds: 60, ...less })).toMatchObject({ model: 'base', processes: 1 });
    }
  });

  test('when nothing fits, it says what would', () => {
    expect(choose({ freeBytes: 200e6 })).toEqual({
      kind: 'memory',
      problem: 'The installed model that needs the least memory, tiny, needs 355.7 MB, and 190.7 MB are free.',
      remedy: 'Close other programs.',
    });
    expect(choose({ limitBytes: 0.5 * GB, installed: models('small') })).toMatchObject({
      problem: 'The installed model that needs the least memory, small, needs 907.9 MB, and 512.0 MB may be used.',
      remedy: 'Set MAX_MEMORY_PER_TRANSCRIPTION higher, or run: longhand models pull tiny',
    });
  });

  test('whatever is asked, the choice is installed, fits, and has as many workers as fit', () => {
    const quality = fc.option(
      fc.record({ bandwidthHz: fc.integer({ min: 500, max: 8_000 }), snrDb: fc.integer({ min: -5, max: 60 }) }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        fc.record({
          quality,
          durationSeconds: fc.integer({ min: 1, max: 20_000 }),
          installed: fc.subarray(ALL),
          processes: fc.integer({ min: 1, max: 8 }),
          freeBytes: fc.integer({ min: 0, max: 20 * GB }),
          limitBytes: fc.integer({ min: 0, max: 20 * GB }),
        }),
        (wish) => {
          const choice = choose(wish);
          const bytes = Math.min(wish.freeBytes, wish.limitBytes);
          const fits = (each: InstalledModel, processes: number) => jobNeedBytes(each, processes) <= bytes;
          if ('problem' in choice) {
            expect(wish.installed.filter((each) => fits(each, 1))).toEqual([]);
            return;
          }
          const own = wish.installed.find(({ name }) => name === choice.model) as InstalledModel;
          expect(fits(own, choice.processes)).toBe(true);
          expect(choice.processes === wish.processes || !fits(own, choice.processes + 1)).toBe(true);
        },
      ),
    );
  });
});

describe('how much memory', () => {
  test.each([
    ['tiny', 273],
    ['base', 388],
    ['small', 852],
    ['large-v3-turbo', 1_900],
    ['medium', 2_175],
    ['large', 4_100],
  ])('one worker with the published %s needs %i MB', (name, megabytes) => {
    expect(memoryNeedBytes(model(name))).toBe(megabytes * 1e6);
  });

  test('a job needs that for each worker, and the runner', () => {
    expect(jobNeedBytes(model('base'), 3)).toBe(RUNNER_BYTES + 3 * 388e6);
    expect(processesThatFit(model('base'), 9, RUNNER_BYTES + 3 * 388e6)).toBe(3);
    expect(processesThatFit(model('base'), 2, 64 * GB)).toBe(2);
    expect(processesThatFit(model('base'), 2, 1)).toBe(0);
  });

  test('quantised weights are smaller, what the model works with is not', () => {
    const whole = model('large');
    const workBytes = memoryNeedBytes(whole) - whole.sizeBytes;
    for (const name of ['large-v3-q5_0', 'large-v2', 'large-v1', 'ggml-large-v3-q5_0.bin']) {
      expect(memoryNeedBytes({ name, sizeBytes: 1e9 })).toBe(1e9 + workBytes);
    }
    const turbo = memoryNeedBytes(model('large-v3-turbo')) - model('large-v3-turbo').sizeBytes;
    for (const name of ['large-v3-turbo-q5_0', 'turbo']) {
      expect(memoryNeedBytes({ name, sizeBytes: 1e9 })).toBe(1e9 + turbo);
    }
    const small = memoryNeedBytes(model('small')) - model('small').sizeBytes;
    for (const name of ['small.en', 'small.en-tdrz', 'small-q5_1']) {
      expect(memoryNeedBytes({ name, sizeBytes: 1e8 })).toBe(1e8 + small);
    }
  });

  test('a model of unknown kind works like the smallest published one that is not smaller', () => {
    const work = (name: string) => memoryNeedBytes(model(name)) - model(name).sizeBytes;
    const own = (sizeBytes: number) => memoryNeedBytes({ name: 'base-thai', sizeBytes }) - sizeBytes;
    expect(own(1)).toBe(work('tiny'));
    expect(own(model('small').sizeBytes)).toBe(work('small'));
    expect(own(model('small').sizeBytes + 1)).toBe(work('medium'));
    expect(own(9e9)).toBe(work('large'));
  });
});

describe('the next smaller model', () => {
  test('from the largest down to none', () => {
    const steps = ['large'];
    for (const _ of ALL) {
      const next = nextSmallerModel(steps.at(-1) as string, ALL, 'auto');
      if ('model' in next) steps.push(next.model);
    }
    expect(nextSmallerModel('tiny', ALL, 'auto')).toEqual({
      kind: 'memory',
      problem: 'No installed model is known to need less memory than tiny.',
      remedy: 'Close other programs.',
    });
    expect(steps).toEqual(['large', 'medium', 'large-v3-turbo', 'small', 'base', 'tiny']);
  });

  test('only installed ones', () => {
    expect(nextSmallerModel('large', models('base', 'large'), 'auto')).toEqual({ model: 'base' });
    expect(nextSmallerModel('base', models('base', 'large'), 'auto')).toMatchObject({
      kind: 'memory',
      remedy: 'Run: longhand models pull tiny',
    });
  });

  test('only ones that know the language', () => {
    const installed = [...models('medium', 'base'), { name: 'small.en', sizeBytes: 487_614_201 }];
    expect(nextSmallerModel('medium', installed, 'en')).toEqual({ model: 'small.en' });
    expect(nextSmallerModel('medium', installed, 'th')).toEqual({ model: 'base' });
  });

  test('only ones that need clearly less: nine tenths at most', () => {
    const current = { name: 'small.en', sizeBytes: 487_614_201 };
    expect(nextSmallerModel('small.en', [current, ...models('small', 'base')], 'en')).toEqual({ model: 'base' });
    const mostBytes = 0.9 * memoryNeedBytes(model('large'));
    const work = memoryNeedBytes({ name: 'medium-q8_0', sizeBytes: 0 });
    const next = (sizeBytes: number) =>
      nextSmallerModel('large', [model('large'), { name: 'medium-q8_0', sizeBytes }], 'en');
    expect(next(mostBytes - work)).toEqual({ model: 'medium-q8_0' });
    expect(next(mostBytes - work + 1)).toHaveProperty('problem');
  });

  test('a model of unknown kind can be stepped down from, but not to', () => {
    const own = { name: 'thai', sizeBytes: 1e9 };
    expect(nextSmallerModel('thai', [own, ...models('small', 'large')], 'th')).toEqual({ model: 'small' });
    expect(nextSmallerModel('medium', [own, ...models('base')], 'th')).toEqual({ model: 'base' });
    expect(nextSmallerModel('gone', models('base'), 'th')).toHaveProperty('problem');
  });

  test('one that is no longer installed is known by its name', () => {
    expect(nextSmallerModel('medium', models('small', 'large'), 'auto')).toEqual({ model: 'small' });
  });
});

test('the published sizes are the catalogue’s', () => {
  for (const { name, sizeBytes } of MODEL_CATALOGUE) {
    const work = memoryNeedBytes({ name, sizeBytes: 0 });
    expect(memoryNeedBytes({ name, sizeBytes })).toBe(work + sizeBytes);
    expect((work + sizeBytes) % 1e6).toBe(0);
  }
});
