import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ProcessIdentity, signalProcess } from '../../src/supervisor/identity.ts';
import { Home, type Running } from '../support/cli.ts';
import {
  BRIEF_CHUNKS,
  engineWorkersOf,
  eventually,
  expectWhole,
  jobLog,
  SHORT_CHUNKS,
  storyFile,
  undisturbed,
  undisturbedBrief,
} from './support.ts';

describe('kill -9 of an engine worker', () => {
  it('while it starts and at each chunk costs one try, and the run goes on', async () => {
    const home = new Home();
    const { file, chunks, text } = await undisturbedBrief();
    const running = home.start(['transcribe', ...BRIEF_CHUNKS, file]);
    const killed = new Set<number>();
    const killNext = () => killWorker(running.child.pid as number, killed);
    killed.add(await killOpeningWorker(running));
    for (let chunk = 1; chunk <= chunks; chunk += 1) {
      await running.said(new RegExp(`Processing chunk ${chunk}/`));
      await killNext();
    }
    const { code, stdout } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
    expect((await expectWhole(home, 1)).runs).toMatchObject([{ number: 1, outcome: 'completed' }]);
    const log = jobLog(home, 1);
    expect(log).toMatch(/An engine worker could not be started: PocketSphinx was ended by SIGKILL/);
    const tries = [
      ...log.matchAll(/WARNING transcribe +Chunk (\d+) failed \((\d+)\): PocketSphinx was ended by SIGKILL/g),
    ];
    expect(tries.length).toBeGreaterThanOrEqual(1);
    // Each chunk was hit once.
    expect(new Set(tries.map(([, chunk]) => chunk)).size).toBe(tries.length);
    expect(tries.every(([, , count]) => count === '1')).toBe(true);
  });

  it('of two at once costs both of their chunks one try', async () => {
    const home = new Home();
    const { file, text } = await undisturbedBrief();
    const running = home.start(['transcribe', '--chunk-duration', '2', '--processes', '2', file]);
    const owner = running.child.pid as number;
    await running.said(/Processing chunk 2\//);
    const workers = await eventually(() => {
      const found = engineWorkersOf(owner);
      return found.length === 2 ? found : undefined;
    }, 'two engine workers');
    for (const worker of workers) signalProcess(worker, 'SIGKILL');
    const { code, stdout } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
    expect((await expectWhole(home, 1)).runs).toMatchObject([{ number: 1, outcome: 'completed' }]);
    expect(jobLog(home, 1)).toMatch(/Chunk \d failed \(1\): PocketSphinx was ended by SIGKILL/);
  });
});

describe('an engine worker that stalls', () => {
  it('is ended after its allowance and the chunk is done again', async () => {
    const home = new Home({ LONGHAND_CHUNK_TIMEOUT: '30' });
    const file = await storyFile();
    const text = await undisturbed(home, file);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, file], { LONGHAND_CHUNK_TIMEOUT: '8' });
    await running.said(/Processing chunk 2\//);
    const worker = await eventually(() => engineWorkersOf(running.child.pid as number)[0], 'an engine worker');
    expect(signalProcess(worker, 'SIGSTOP')).toBe(true);
    await running.said(/Chunk \d failed \(1\): No progress for 8 s/);
    const { code, stdout } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
  });
});

/**
 * Stops the first engine worker as soon as its program runs, and kills it. Looked for from the start of the command on: what
 * the command says of it may come when the model is loaded already. No chunk was begun, so it was not open yet.
 */
async function killOpeningWorker(running: Running): Promise<number> {
  const worker = await eventually(
    () => engineWorkersOf(running.child.pid as number).find((one) => isWorker(one) && signalProcess(one, 'SIGSTOP')),
    'the first engine worker',
  );
  expect(running.stderr).not.toMatch(/Processing chunk/);
  expect(signalProcess(worker, 'SIGKILL')).toBe(true);
  return worker.pid;
}

/** Whether it works on chunks: the same program is also asked what options it knows. */
function isWorker({ pid }: ProcessIdentity): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0-ctl\0');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Waits until there is one that was not hit before: the last one may be dying and the next not yet there. */
async function killWorker(owner: number, killed: Set<number>): Promise<void> {
  const { pid } = await eventually(
    () => engineWorkersOf(owner).find((worker) => !killed.has(worker.pid) && signalProcess(worker, 'SIGKILL')),
    'an engine worker',
  );
  killed.add(pid);
}
