import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { JobDetails } from '../../src/jobs/view.ts';
import { Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';

const mounted: string[] = [];
afterEach(() => {
  for (const folder of mounted.splice(0)) execFileSync('umount', [folder]);
});

/** A small disk of its own. */
function smallDisk(home: Home, options: string): string {
  const folder = join(home.folder, 'disk');
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  mounted.push(folder);
  return folder;
}

// Only root may mount.
describe.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('a disk', () => {
  it('without enough space pauses the queue, says so, and the job goes on by itself when there is', async () => {
    const home = new Home();
    const data = join(smallDisk(home, 'size=24m'), 'data');
    const recording = await speak('the people of the city were very happy');
    const running = home.start(['transcribe', recording], { LONGHAND_DATA: data });
    await running.said(
      /The queue is paused until there is space on the disk: There is not enough disk space for ".*": \d+ MB needed, \d+ MB free\./,
    );
    execFileSync('mount', ['-o', 'remount,size=200m', join(home.folder, 'disk')]);
    const { code, stdout } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('city') });
    const job = JSON.parse((await home.run(['show', '1', '--json'], { LONGHAND_DATA: data })).stdout) as JobDetails;
    expect(job).toMatchObject({ status: 'completed', retryCount: 0 });
    expect(job.runs.map(({ outcome }) => outcome)).toEqual(['failed', 'completed']);
  });

  it('that is read-only is told in one sentence with the remedy', async () => {
    const home = new Home();
    const data = join(smallDisk(home, 'size=24m,ro'), 'data');
    const { code, stderr } = await home.run(['transcribe', await speak('good morning')], { LONGHAND_DATA: data });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^longhand: The data folder .* cannot be used \(EROFS\)\.\n {2}Make it writable, or choose another/,
    );
  });
});
