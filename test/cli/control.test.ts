import { describe, expect, it } from 'vitest';
import type { JobDetails } from '../../src/jobs/view.ts';
import { heldHome, jobOf, noneLeft, runTokens, SHORT_CHUNKS, storyFile, storyText } from '../chaos/support.ts';
import { Home, type Running } from '../support/cli.ts';
import { type HeldModel, smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';

/** Job 1 of a new home is under way, with its first chunk in flight, which is held. */
async function underWay(): Promise<{ home: Home; held: HeldModel; running: Running }> {
  const { home, held } = await heldHome(1);
  const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
  await running.said(/Processing chunk 1\//);
  return { home, held, running };
}

/** A job that waits at its checkpoint, because the process that worked on it was killed. */
async function waiting(): Promise<Home> {
  const { home, held, running } = await underWay();
  await running.kill();
  await noneLeft(await runTokens(home));
  held.release();
  return home;
}

describe('longhand cancel', () => {
  it('ends a job that is worked on in another terminal, whose command says so', async () => {
    const { home, held, running } = await underWay();
    const cancelled = await home.run(['cancel', '1']);
    held.holdFrom(2);
    expect(cancelled).toMatchObject({ code: 0, stdout: 'Job 1 was cancelled.\n', stderr: '' });
    const { code, stdout, stderr } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Job 1 \(.*\.wav\) was cancelled; .*kept\.\n {2}Go on with: longhand resume 1\n$/m);
    await noneLeft(await runTokens(home));
    const job = await jobOf(home, 1);
    expect(job).toMatchObject({ status: 'cancelled', runs: [{ outcome: 'stopped', reason: 'cancel' }] });

    const again = await home.run(['cancel', '1']);
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(/^Job 1 is cancelled; there is nothing to cancel\.\n/);
    held.release();
    const resumed = await home.run(['resume', '1']);
    expect({ code: resumed.code, stdout: resumed.stdout }).toEqual({ code: 0, stdout: await storyText() });
  });

  it('of one job disturbs no other, whoever follows which', async () => {
    const { home, held, running } = await underWay();
    const follower = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await follower.said(/Processing chunk 1\//);
    expect((await home.run(['cancel', '2'])).code).toBe(0);
    held.holdFrom(2);
    const { code, stderr } = await follower.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Job 2 \(.*\) was cancelled; /m);
    held.release();
    expect(await running.finished).toMatchObject({ code: 0, stdout: await storyText() });
    await noneLeft(await runTokens(home));
  });

  it('says of each job what became of it', async () => {
    const home = await waiting();
    const { code, stdout } = await home.run(['cancel', '1', '99', '1', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      jobs: [
        { id: 1, from: 'pending', to: 'cancelled', stopping: false },
        { id: 99, error: { kind: 'usage', message: 'There is no job 99.', remedy: 'See: longhand jobs' } },
      ],
    });
    expect(await home.run(['cancel', 'one'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('of a finished job changes nothing', async () => {
    const home = new Home(await smallModel());
    const { stdout: text } = await home.run(['transcribe', await speak('good morning and welcome to the program')]);
    for (const verb of ['cancel', 'pause']) {
      const { code, stdout, stderr } = await home.run([verb, '1']);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(`Job 1 is completed; there is nothing to ${verb}.\n  See: longhand show 1\n`);
    }
    expect((await home.run(['export', '1'])).stdout).toBe(text);
  });
});

describe('longhand pause', () => {
  it('lets a job rest after the chunk in flight; resumed it gives the same text', async () => {
    const { home, held, running } = await underWay();
    const paused = await home.run(['pause', '1']);
    held.holdFrom(2);
    expect(paused).toMatchObject({ code: 0, stdout: 'Job 1 will pause after the chunk in flight.\n', stderr: '' });
    const { code, stdout, stderr } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Job 1 \(.*\.wav\) was paused; .*kept\.\n {2}Go on with: longhand resume 1\n$/m);
    await noneLeft(await runTokens(home));
    const job = await jobOf(home, 1);
    expect(job).toMatchObject({ status: 'paused', pausedBy: 'user', runs: [{ outcome: 'stopped', reason: 'pause' }] });
    expect(job.chunks.complete).toBeGreaterThanOrEqual(1);

    held.release();
    const resumed = await home.run(['resume', '1']);
    expect({ code: resumed.code, stdout: resumed.stdout }).toEqual({ code: 0, stdout: await storyText() });
    const { runs, chunks } = await jobOf(home, 1);
    expect(runs.reduce((sum, run) => sum + run.chunksCommitted, 0)).toBe(chunks.total);
  });

  it('of a job that waits holds at once, until it is resumed', async () => {
    const home = await waiting();
    const paused = await home.run(['pause', '1']);
    expect(paused).toMatchObject({ code: 0, stdout: 'Job 1 is paused. Go on with: longhand resume 1\n' });
    expect(await jobOf(home, 1)).toMatchObject({ status: 'paused', pausedBy: 'user' });
    const again = await home.run(['pause', '1']);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^Job 1 is paused; there is nothing to pause\.\n/);
    expect((await home.run(['resume', '1'])).code).toBe(0);
  });
});

describe('longhand show', () => {
  it('tells what process works on a job, as long as one does', async () => {
    const { home, held, running } = await underWay();
    const { stdout } = await home.run(['show', '1']);
    expect(stdout).toMatch(/^Process +pid \d+, CPU \d+ %, memory [\d.]+ MB, since \d+:\d\d$/m);
    const { process: found, runs } = await home.json<JobDetails & { process: { pid: number } }>(['show', '1']);
    expect(found.pid).toBe(runs[0]?.pid);
    await home.run(['cancel', '1']);
    held.holdFrom(2);
    await running.finished;
    expect(await home.json(['show', '1'])).toMatchObject({ process: null });
    expect((await home.run(['show', '1'])).stdout).not.toMatch(/^Process/m);
  });
});
