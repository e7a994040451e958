import { describe, expect, it } from 'vitest';
import { signalProcess } from '../../src/supervisor/identity.ts';
import { Home, type Running } from '../support/cli.ts';
import { BRIEF_CHUNKS, eventually, expectWhole, runnerOf, undisturbedBrief } from './support.ts';

const CRASH = 'The runner was ended by SIGKILL before the job was done\\. The job goes on';

describe('kill -9 of the runner', () => {
  it.each([
    ['as soon as there is one, and while it reads the recording', [/^Job 1: /m, afterCrashes(1, 'Loading audio file')]],
    [
      'while the engine is prepared, and at the first chunk',
      [/Preparing PocketSphinx/, afterCrashes(1, 'Processing chunk 1/')],
    ],
  ])('%s, costs two crashes and no more', async (_, moments) => {
    const home = new Home();
    const { file, text } = await undisturbedBrief();
    const running = home.start(['transcribe', ...BRIEF_CHUNKS, file]);
    for (const moment of moments) {
      await running.said(moment);
      await killRunner(running);
    }
    const { code, stdout } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
    expect((await expectWhole(home, 1)).runs).toMatchObject([
      { number: 1, outcome: 'crashed', signal: 'SIGKILL', chunksCommitted: 0 },
      { number: 2, outcome: 'crashed', signal: 'SIGKILL', chunksCommitted: 0 },
      { number: 3, outcome: 'completed' },
    ]);
  });

  it('at each chunk boundary and at the end lets the job go on from its checkpoint by itself', async () => {
    const home = new Home();
    const { file, chunks, text } = await undisturbedBrief();
    const running = home.start(['transcribe', ...BRIEF_CHUNKS, file]);
    let crashes = 0;
    for (let chunk = 2; chunk <= chunks; chunk += 1) {
      await running.said(afterCrashes(crashes, `Processing chunk ${chunk}/`));
      await killRunner(running);
      crashes += 1;
      // A chunk must be committed before the next crash: three in a row without one end the job.
      await running.said(afterCrashes(crashes, 'Speed: '));
    }
    await running.said(afterCrashes(crashes, 'Finalizing transcription'));
    // It may be done before the signal is there.
    const runner = runnerOf(running.child.pid as number);
    if (runner) signalProcess(runner, 'SIGKILL');
    const { code, stdout } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
    const { runs } = await expectWhole(home, 1);
    const crashed = runs.slice(0, -1);
    expect(crashed.length - crashes).toBeOneOf([0, 1]);
    for (const run of crashed) expect(run).toMatchObject({ outcome: 'crashed', signal: 'SIGKILL' });
  });
});

/** What is said after so many crashes. */
function afterCrashes(crashes: number, said: string): RegExp {
  return new RegExp(`(?:${CRASH}[\\s\\S]*?){${crashes}}${said}`);
}

async function killRunner(running: Running): Promise<void> {
  const runner = await eventually(() => runnerOf(running.child.pid as number), 'a runner');
  expect(signalProcess(runner, 'SIGKILL')).toBe(true);
}
