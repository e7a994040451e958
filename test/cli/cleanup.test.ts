import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf, noneLeft, runTokens, SHORT_CHUNKS, storyFile } from '../chaos/support.ts';
import { Home } from '../support/cli.ts';
import { smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';

const MONTH_MS = 30 * 24 * 3_600_000;

describe('longhand cleanup', () => {
  it('says that there is nothing to do', async () => {
    const home = new Home();
    expect(await home.run(['cleanup'])).toMatchObject({ code: 0, stdout: 'Nothing to clean up.\n', stderr: '' });
    expect(await home.json(['cleanup'])).toEqual({
      recovered: [],
      strays: [],
      survivors: [],
      cleaned: { logs: { files: 0, bytes: 0 }, jobs: 0, uploads: 0 },
    });
  });

  it('removes old logs and left-over files, and nothing that somebody needs', async () => {
    const home = new Home(await smallModel());
    const { stdout: text } = await home.run(['transcribe', await speak('good morning and welcome to the program')]);
    const old = join(home.dataDir, 'logs', 'transcribe_job_7.log');
    writeFileSync(old, 'of a job of last month\n');
    utimesSync(old, new Date(Date.now() - MONTH_MS), new Date(Date.now() - MONTH_MS));
    const scratch = join(home.dataDir, 'jobs', '1', 'scratch');
    mkdirSync(scratch);
    expect(await home.run(['cleanup'])).toMatchObject({
      code: 0,
      stdout: 'Removed 1 old log file (23 B).\nRemoved left-over files of 1 job.\n',
    });
    expect([existsSync(old), existsSync(scratch)]).toEqual([false, false]);
    expect((await home.run(['export', '1'])).stdout).toBe(text);
    expect((await home.run(['logs', '1'])).stdout).toContain('Done');
    expect((await home.run(['cleanup'])).stdout).toBe('Nothing to clean up.\n');
  });

  it('tells of a job whose owner was killed, which waits again', async () => {
    const home = new Home();
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await running.said(/Processing chunk 1\//);
    await running.kill();
    const { code, stdout } = await home.run(['cleanup']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Nobody watched over job 1; .*it is pending now\.\n/);
    expect((await jobOf(home, 1)).status).toBe('pending');
    await noneLeft(await runTokens(home));
  });

  it('leaves the healthy jobs of another terminal alone', async () => {
    const home = new Home();
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await running.said(/Processing chunk 1\//);
    expect(await home.run(['cleanup'])).toMatchObject({ code: 0, stdout: 'Nothing to clean up.\n' });
    expect((await running.finished).code).toBe(0);
    expect((await jobOf(home, 1)).runs).toMatchObject([{ outcome: 'completed' }]);
  });
});
