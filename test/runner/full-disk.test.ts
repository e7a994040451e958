import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { EngineError } from '../../src/domain/errors.ts';
import { whisper } from '../../src/engines/whisper.ts';
import { faultBehind } from '../../src/pipeline/disk-fault.ts';
import { type PoolOrder, runPool } from '../../src/runner/engine-pool.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';
import { scratchPath } from '../support/scratch.ts';
import { MAY_MOUNT, SmallDisk } from '../support/small-disk.ts';
import { WHISPER_BUILD_TIMEOUT_MS, whisperEngineFolder } from '../support/whisper.ts';
import { Order, RATE_HZ, TestEngine } from './test-engine.ts';

const CHUNKS = 2;
const DISK_BYTES = 8 * 1024 * 1024;
let cacheDir: string;
let modelPath: string;
let audioPath: string;

beforeAll(async () => {
  cacheDir = scratchPath('cache');
  mkdirSync(join(cacheDir, 'models'), { recursive: true });
  const engines = await whisperEngineFolder();
  if (engines) symlinkSync(engines, join(cacheDir, 'engines'));
  modelPath = join(cacheDir, 'models', 'ggml-base.bin');
  writeGgmlModel(modelPath, { script: [0, ' And', ' so', 2, 2] });
  audioPath = scratchPath('audio.s16le');
  writeFileSync(audioPath, Buffer.alloc(CHUNKS * RATE_HZ * 2));
}, WHISPER_BUILD_TIMEOUT_MS);

let disks = 0;
/** Gone with the test. */
function fullDisk(): SmallDisk {
  disks += 1;
  const disk = new SmallDisk(scratchPath(`disk-${disks}`), DISK_BYTES);
  onTestFinished(() => disk.unmount());
  disk.fill();
  return disk;
}

/** What a runner gives the pool when the engine is Whisper, and what the pool told it. */
function orderIn(scratchDir: string): { told: Order; order: PoolOrder } {
  const told = new Order(new TestEngine(), CHUNKS);
  const worker = {
    ...told.worker,
    settings: { cacheDir },
    model: { name: 'base', path: modelPath },
    scratchDir,
  };
  const { draining: _draining, aborting: _aborting, ...rest } = told;
  return { told, order: { ...rest, engine: whisper, worker, audioPath } };
}

describe.skipIf(!MAY_MOUNT)('on a full disk', () => {
  test('what an engine makes of it is told as what it is, and no chunk is charged for it', async () => {
    const disk = fullDisk();
    const { told, order } = orderIn(disk.folder);
    await expect(runPool(order)).rejects.toMatchObject({
      kind: 'disk',
      message: expect.stringMatching(/^There is no space left on the disk\. The engine could not work: .*answer/),
    });
    expect(told.failed).toEqual([]);
    expect(told.committed).toEqual([]);
    expect(readdirSync(disk.folder)).toEqual(['ballast']);
    disk.empty();
    await runPool(order);
    expect(told.done).toEqual([0, 1]);
  });

  test('also what an engine says that ends before it starts', async () => {
    const disk = fullDisk();
    const { order } = orderIn(disk.folder);
    const engine = new TestEngine();
    engine.opening = () => {
      throw new EngineError('mkfifo ended with 1.');
    };
    await expect(runPool({ ...order, engine })).rejects.toMatchObject({ kind: 'disk' });
  });
});

test('an engine that fails with room to write failed by itself, and so did one whose folder is gone', async () => {
  const error = new EngineError('It died.');
  const folder = scratchPath('roomy');
  mkdirSync(folder);
  expect(await faultBehind(error, folder)).toBe(error);
  expect(readdirSync(folder)).toEqual([]);
  expect(await faultBehind(error, join(folder, 'gone'))).toBe(error);
});
