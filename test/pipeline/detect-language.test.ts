import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EngineError, ModelError } from '../../src/domain/errors.ts';
import { EngineMemoryError } from '../../src/pipeline/engine-memory-error.ts';
import { StoppedError } from '../../src/pipeline/pipeline.ts';
import { detectLanguage } from '../../src/pipeline/stages/detect-language.ts';
import { TestEngine } from '../runner/test-engine.ts';
import { scratchPath } from '../support/scratch.ts';

const SAMPLE = { audioPath: '/nowhere', startSample: 0, endSample: 1 };

/** An engine that fails in these ways, one after the other, before it says the language. */
function detecting(...failures: Error[]) {
  const scratchDir = scratchPath('detect');
  mkdirSync(scratchDir, { recursive: true });
  const lines: string[] = [];
  const stopping = new AbortController();
  const count = { oomKills: 0, tries: 0 };
  const engine = Object.assign(new TestEngine(), {
    detectLanguage: async () => {
      count.tries += 1;
      const failure = failures.shift();
      if (failure) throw failure;
      return 'th';
    },
  });
  const context = {
    ...{ engine, drain: stopping.signal, abort: new AbortController().signal, oomKills: () => count.oomKills },
    log: (_level: string, _stage: string, message: string) => void lines.push(message),
  };
  const options = {
    ...{ settings: { cacheDir: '/nowhere' }, model: { name: 'base' }, language: 'auto', threads: 1, scratchDir },
    onLine: () => undefined,
  };
  return { detect: () => detectLanguage(context, SAMPLE, options), lines, stopping, count };
}

const died = () => new EngineError('It was ended by SIGKILL.');

test('an engine worker that dies over the language gets as many tries as over a chunk', async () => {
  const { detect, lines } = detecting(died(), died());
  expect(await detect()).toBe('th');
  expect(lines).toEqual([
    'The language could not be recognised (1): It was ended by SIGKILL.',
    'The language could not be recognised (2): It was ended by SIGKILL.',
  ]);
  const again = detecting(died(), died(), died());
  await expect(again.detect()).rejects.toThrow(EngineError);
  expect(again.count.tries).toBe(3);
});

test('what another try would not cure ends it at once', async () => {
  const damaged = detecting(new ModelError('It is damaged.'));
  await expect(damaged.detect()).rejects.toThrow(ModelError);
  expect(damaged.count.tries).toBe(1);

  const full = detecting(died());
  // The killer strikes while it works.
  Object.defineProperty(full.count, 'oomKills', { get: () => full.count.tries });
  await expect(full.detect()).rejects.toThrow(EngineMemoryError);

  const stopped = detecting(died());
  stopped.stopping.abort();
  await expect(stopped.detect()).rejects.toThrow(StoppedError);
  expect(stopped.count.tries).toBe(1);
});
