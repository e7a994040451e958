import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DiskError, EngineError, ModelError } from '../../src/domain/errors.ts';
import type { AudioSlice, EngineWorker, WorkerExit } from '../../src/engines/engine.ts';
import { oomKills } from '../../src/native/oom.ts';
import { EngineMemoryError } from '../../src/pipeline/engine-memory-error.ts';
import { ChunkQuarantinedError, runPool } from '../../src/runner/engine-pool.ts';
import { createCgroup } from '../../src/supervisor/cgroup.ts';
import { until } from '../supervisor/processes.ts';
import { Order, RATE_HZ, signal, TestEngine, word } from './test-engine.ts';

const LIMIT = { memoryBytes: 96 * 1024 ** 2 };
const NEVER = new Promise<never>(() => undefined);

/** Numbers from 0. */
const upTo = (length: number) => Array.from({ length }, (_, number) => number);

test('every chunk is committed once with its own words, and no worker is left', async () => {
  const engine = new TestEngine();
  const order = new Order(engine, 10, { processes: 3 });
  await runPool(order);
  expect(order.done).toEqual(upTo(10));
  for (const { chunk, words } of order.committed) expect(words).toEqual([`word${chunk}`]);
  expect(engine.mostOpen).toBe(3);
  expect(engine.left).toEqual([]);
});

test('without chunks no worker is started, and with few chunks no more than there is work for', async () => {
  const idle = new TestEngine();
  await runPool(new Order(idle, 0, { processes: 4 }));
  expect(idle.workers).toHaveLength(0);
  const busy = new TestEngine();
  await runPool(new Order(busy, 2, { processes: 4 }));
  expect(busy.workers).toHaveLength(2);
});

test('two lanes share the work: while one is held up the other does the rest', async () => {
  const release = signal();
  const engine = new TestEngine(async (chunk) => {
    if (chunk === 0) await release.promise;
    if (chunk === 9) release.give();
    return [word(chunk)];
  });
  const order = new Order(engine, 10, { processes: 2 });
  await runPool(order);
  expect(order.done).toEqual(upTo(10));
  expect(order.committed.at(-1)?.chunk).toBeOneOf([0, 9]);
  expect(engine.workers).toHaveLength(2);
});

test('a lane works on its next chunk while the last one is committed, and has one commit at a time', async () => {
  const nextHeard = signal();
  const engine = new TestEngine((chunk) => {
    if (chunk === 1) nextHeard.give();
    return [word(chunk)];
  });
  const order = new Order(engine, 4);
  const { commit } = order;
  let committing = 0;
  order.commit = async (chunk, words) => {
    committing += 1;
    expect(committing).toBe(1);
    if (chunk.number === 0) await nextHeard.promise;
    await commit(chunk, words);
    committing -= 1;
  };
  await runPool(order);
  expect(order.done).toEqual(upTo(4));
});

describe('a worker', () => {
  test('that dies over a chunk costs it one try; the chunk goes to a fresh one', async () => {
    const engine = new TestEngine((chunk, worker) => {
      if (chunk === 1 && worker.number === 1) {
        worker.die();
        throw new EngineError('The worker died.', { evidence: 'SIGSEGV' });
      }
      return [word(chunk)];
    });
    const order = new Order(engine, 3);
    await runPool(order);
    expect(order.begun).toEqual([0, 1, 1, 2]);
    expect(order.failed).toEqual([{ chunk: 1, message: 'The worker died.' }]);
    expect(order.done).toEqual(upTo(3));
    expect(engine.workers).toHaveLength(2);
    expect(engine.mostOpen).toBe(1);
    expect(engine.left).toEqual([]);
  });

  test('that dies while it has nothing to do costs no try, and what it left is removed', async () => {
    const engine = new TestEngine((chunk, worker) => {
      // Its answer is complete; its process ends before it gets another slice.
      if (chunk === 0) worker.die();
      return [word(chunk)];
    });
    const order = new Order(engine, 3);
    await runPool(order);
    expect(order.failed).toEqual([]);
    expect(order.done).toEqual(upTo(3));
    expect(engine.workers).toHaveLength(2);
    expect(engine.mostOpen).toBe(1);
    expect(engine.left).toEqual([]);
  });

  test('that stalls is ended after the allowance, and its late answer is not heard', async () => {
    const late = signal();
    const engine = new TestEngine(async (chunk, worker) => {
      if (chunk === 1 && worker.number === 1) {
        await late.promise;
        return [word(99)];
      }
      // The stalled one answers while its replacement works on the same chunk.
      if (chunk === 1) late.give();
      return [word(chunk)];
    });
    const order = new Order(engine, 3, { chunkTimeoutSeconds: 0.05 });
    await runPool(order);
    expect(order.failed).toHaveLength(1);
    expect(order.failed[0]).toMatchObject({ chunk: 1, message: 'No progress for 0 s - automatically reset' });
    expect(order.committed.map(({ words }) => words[0])).toEqual(['word0', 'word1', 'word2']);
    expect(engine.left).toEqual([]);
  });

  test('that cannot be started is tried again, and given up after three times in a row', async () => {
    let starts = 0;
    const engine = new TestEngine();
    engine.opening = () => {
      starts += 1;
      if (starts % 3 !== 0) throw new EngineError('It does not start.');
    };
    const order = new Order(engine, 2);
    await runPool(order);
    expect(order.lines).toHaveLength(2);
    expect(order.done).toEqual(upTo(2));

    const broken = new TestEngine();
    broken.opening = () => {
      throw new EngineError('It does not start.');
    };
    await expect(runPool(new Order(broken, 2))).rejects.toThrow('It does not start.');
  });
});

describe('a chunk that fails three times', () => {
  const hear = (chunk: number) => {
    if (chunk === 2) throw new EngineError('It makes no sense.', { evidence: 'exit code 3' });
    return [word(chunk)];
  };

  test('quarantines the job with its evidence; what others did is kept and all workers are closed', async () => {
    const engine = new TestEngine(hear);
    const order = new Order(engine, 5);
    const error = await runPool(order).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ChunkQuarantinedError);
    expect(error.message).toBe('Chunk 3 (2.0–3.0 s) failed 3 times. The last time: It makes no sense.');
    expect(error).toMatchObject({ kind: 'engine', evidence: 'exit code 3' });
    expect(error.remedy).toBeTruthy();
    expect(order.failed.map(({ chunk }) => chunk)).toEqual([2, 2, 2]);
    expect(order.done).toEqual([0, 1]);
    expect(engine.left).toEqual([]);
  });

  test('ends the other lane too, in the middle of its chunk', async () => {
    const engine = new TestEngine((chunk) => (chunk === 0 ? NEVER : hear(chunk)));
    const order = new Order(engine, 5, { processes: 2 });
    await expect(runPool(order)).rejects.toBeInstanceOf(ChunkQuarantinedError);
    expect(engine.left).toEqual([]);
    expect(order.done).not.toContain(0);
  });

  test('counts the tries of earlier runs, as the store tells them', async () => {
    const order = new Order(new TestEngine(hear), 5);
    order.fail = async () => 3;
    await expect(runPool(order)).rejects.toThrow('failed 3 times');
    expect(order.begun.filter((chunk) => chunk === 2)).toHaveLength(1);
  });
});

/** Whose workers are processes: each does nothing but wait for its end, which `hear` brings about. */
class ProcessEngine extends TestEngine {
  readonly end: (pid: number, chunk: number) => void;

  constructor(end: ProcessEngine['end']) {
    super();
    this.end = end;
  }

  override async openWorker(): Promise<EngineWorker> {
    const child = spawn(process.execPath, ['test/fixtures/leaks-memory.js', '400'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const transcribe = async ({ startSample }: AudioSlice) => {
      this.end(child.pid as number, startSample / RATE_HZ);
      const { code, signal } = await exited;
      throw new EngineError(`It ended with ${signal ?? code}.`, { evidence: 'its last words' });
    };
    const close = async () => {
      child.kill('SIGKILL');
      await exited;
    };
    return { pid: child.pid, exited, transcribe, close };
  }
}

describe('a worker that was killed while the count of out-of-memory kills rose', () => {
  test('ends the pool with the plain word that memory ran out, and the chunk is not tried again', async () => {
    let kills = 3;
    const engine = new ProcessEngine((pid) => {
      kills += 1;
      process.kill(pid, 'SIGKILL');
    });
    const order = Object.assign(new Order(engine, 3), { oomKills: () => kills });
    const error = await runPool(order).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(EngineMemoryError);
    expect(error).toMatchObject({
      kind: 'memory',
      message: 'Memory ran out, and the system ended the Test engine worker (model base).',
      remedy: expect.stringMatching(/smaller model.*longhand resume/),
      evidence: 'It ended with SIGKILL.\nits last words',
    });
    expect([order.begun, order.failed]).toEqual([[0], []]);
  });

  test('but before it was given its chunk, or by another signal, or where nobody counts, has only failed', async () => {
    const counts = { 'rose before': [3, 4, 4], 'no SIGKILL': [3, 3, 4], 'nobody counts': [] };
    for (const [how, values] of Object.entries(counts)) {
      let asked = 0;
      const engine = new ProcessEngine((pid) => void process.kill(pid, how === 'no SIGKILL' ? 'SIGABRT' : 'SIGKILL'));
      // Asked when the worker starts, when it is given its chunk, and when it has ended.
      const order = Object.assign(new Order(engine, 1), { oomKills: () => values[asked++] ?? values.at(-1) });
      order.fail = async () => 3;
      await expect(runPool(order), how).rejects.toBeInstanceOf(ChunkQuarantinedError);
    }
  });

  test('counts also when its end is told after its last answer', async () => {
    let kills = 0;
    const engine = new TestEngine();
    const died = signal<WorkerExit>();
    engine.openWorker = async () => ({
      pid: undefined,
      exited: died.promise,
      transcribe: async () => {
        kills += 1;
        setImmediate(() => died.give({ code: null, signal: 'SIGKILL' }));
        throw new EngineError('It said nonsense.');
      },
      close: async () => undefined,
    });
    const order = Object.assign(new Order(engine, 1), { oomKills: () => kills });
    await expect(runPool(order)).rejects.toBeInstanceOf(EngineMemoryError);
  });

  test('or while it loaded its model', async () => {
    let kills = 0;
    const engine = new TestEngine();
    engine.opening = () => {
      kills += 1;
      throw new EngineError('It was ended by SIGKILL.');
    };
    const order = Object.assign(new Order(engine, 1), { oomKills: () => kills });
    await expect(runPool(order)).rejects.toBeInstanceOf(EngineMemoryError);
    expect([kills, order.begun]).toEqual([1, []]);
  });

  test.runIf(canLimitMemory())('by the kernel itself', async () => {
    const group = createCgroup(`longhand-test-${randomUUID()}`, LIMIT);
    onTestFinished(() => until(() => group?.remove() === true, 'the removal of the control group'));
    const engine = new ProcessEngine((pid) => {
      group?.add(pid);
      process.kill(pid, 'SIGUSR2');
    });
    const order = Object.assign(new Order(engine, 2), { oomKills });
    await expect(runPool(order)).rejects.toBeInstanceOf(EngineMemoryError);
    expect(group?.oomKills()).toBe(1);
  });
});

describe('what no fresh worker would cure ends the pool at once', () => {
  test('a model that does not load', async () => {
    const engine = new TestEngine();
    engine.opening = () => {
      throw new ModelError('It is damaged.');
    };
    const order = new Order(engine, 3, { processes: 2 });
    await expect(runPool(order)).rejects.toBeInstanceOf(ModelError);
    expect(order.failed).toEqual([]);
  });

  test('a model that turns out to be damaged over a chunk', async () => {
    const engine = new TestEngine(() => {
      throw new ModelError('It is damaged.');
    });
    const order = new Order(engine, 3);
    await expect(runPool(order)).rejects.toBeInstanceOf(ModelError);
    expect(order.failed).toEqual([]);
    expect(engine.workers).toHaveLength(1);
    expect(engine.left).toEqual([]);
  });

  test('a commit that fails stops all lanes, the one in the middle of a chunk too', async () => {
    const engine = new TestEngine((chunk) => (chunk === 0 ? [word(0)] : NEVER));
    const order = new Order(engine, 6, { processes: 2 });
    order.commit = async () => {
      throw new DiskError('There is no space.', 'Free some.');
    };
    await expect(runPool(order)).rejects.toBeInstanceOf(DiskError);
    expect(engine.left).toEqual([]);
  });

  test('a last commit that fails', async () => {
    const engine = new TestEngine();
    const order = new Order(engine, 1);
    order.commit = async () => {
      throw new DiskError('There is no space.', 'Free some.');
    };
    await expect(runPool(order)).rejects.toBeInstanceOf(DiskError);
    expect(engine.left).toEqual([]);
  });

  test('a failed try that cannot be counted', async () => {
    const engine = new TestEngine(() => {
      throw new EngineError('It died.');
    });
    const order = new Order(engine, 3);
    order.fail = async () => {
      throw new DiskError('There is no space.', 'Free some.');
    };
    await expect(runPool(order)).rejects.toBeInstanceOf(DiskError);
    expect(engine.left).toEqual([]);
  });
});

describe('a drain', () => {
  test('finishes and commits what is in flight, and begins nothing', async () => {
    const bothBegun = signal();
    const release = signal();
    const engine = new TestEngine(async (chunk) => {
      if (chunk === 1) bothBegun.give();
      await release.promise;
      return [word(chunk)];
    });
    const order = new Order(engine, 8, { processes: 2 });
    const pool = runPool(order);
    await bothBegun.promise;
    order.draining.abort();
    release.give();
    await pool;
    expect(order.begun).toEqual([0, 1]);
    expect(order.done).toEqual([0, 1]);
    expect(engine.left).toEqual([]);
  });

  test('that comes while a worker starts hands it no chunk', async () => {
    const engine = new TestEngine();
    const order = new Order(engine, 3);
    engine.opening = () => order.draining.abort();
    await runPool(order);
    expect(order.begun).toEqual([]);
    expect(engine.left).toEqual([]);
  });

  test('that came before the start starts no worker', async () => {
    const engine = new TestEngine();
    const order = new Order(engine, 3);
    order.draining.abort();
    await runPool(order);
    expect(engine.workers).toEqual([]);
  });
});

test('an abort gives up what is in flight, and counts it as no failure', async () => {
  const begun = signal();
  const engine = new TestEngine((chunk) => {
    if (chunk === 2) begun.give();
    return chunk < 2 ? [word(chunk)] : NEVER;
  });
  const order = new Order(engine, 8, { processes: 2 });
  const pool = runPool(order);
  await begun.promise;
  order.aborting.abort();
  await pool;
  expect(order.failed).toEqual([]);
  expect(order.done).not.toContain(2);
  expect(order.done).toEqual([0, 1]);
  expect(engine.left).toEqual([]);
});

describe('an abort while a worker opens', () => {
  test('does not wait for it; it is closed once it is open', async () => {
    const [begun, open] = [signal(), signal()];
    const engine = new TestEngine();
    engine.opening = () => {
      begun.give();
      return open.promise;
    };
    const order = new Order(engine, 3);
    const pool = runPool(order);
    await begun.promise;
    order.aborting.abort();
    await pool;
    expect(order.begun).toEqual([]);
    open.give();
    await expect.poll(() => engine.workers.map(({ closed }) => closed)).toEqual([1]);
  });

  test('that fails for it is no failure, and nobody is told to wait for another try', async () => {
    const engine = new TestEngine();
    const order = new Order(engine, 3);
    let opened = 0;
    engine.opening = async () => {
      opened += 1;
      order.aborting.abort();
      throw new EngineError('The worker was ended by SIGTERM.');
    };
    await runPool(order);
    expect(opened).toBe(1);
    expect(order.lines).toEqual([]);
    expect(order.failed).toEqual([]);
  });
});

test('whatever goes wrong, in any order: never too many workers, none left, no chunk twice', async () => {
  const mishap = fc.constantFrom('fine', 'fine', 'fine', 'error', 'dies after', 'dies');
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 12 }),
      fc.array(mishap, { maxLength: 30 }),
      fc.infiniteStream(fc.nat(3)),
      async (processes, chunks, mishaps, turns) => {
        const fates = [...mishaps];
        const engine = new TestEngine(async (chunk, worker) => {
          const { value: wait } = turns.next();
          for (let turn = 0; turn < Number(wait); turn += 1) await null;
          const fate = fates.shift() ?? 'fine';
          if (fate.startsWith('dies')) worker.die();
          if (fate === 'error' || fate === 'dies') throw new EngineError(`It failed: ${fate}.`);
          return [word(chunk)];
        });
        const order = new Order(engine, chunks, { processes });
        const outcome = await runPool(order).then(
          () => 'done',
          (error) => error,
        );
        if (outcome === 'done') expect(order.done).toEqual(upTo(chunks));
        else expect(outcome).toBeInstanceOf(ChunkQuarantinedError);
        expect(new Set(order.done).size).toBe(order.done.length);
        for (const { chunk, words } of order.committed) expect(words).toEqual([`word${chunk}`]);
        expect(engine.mostOpen).toBeLessThanOrEqual(processes);
        expect(engine.left).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});

/** Whether a control group with a limit on memory can be made here. */
function canLimitMemory(): boolean {
  const probe = createCgroup(`longhand-test-${randomUUID()}`, LIMIT);
  probe?.remove();
  return probe !== undefined;
}
