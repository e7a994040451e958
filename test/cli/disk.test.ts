import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
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
  it('without enough space for the decoded audio is told before the work, and the job goes on later', async () => {
    const home = new Home();
    const data = join(smallDisk(home, 'size=24m'), 'data');
    const { code, stderr } = await home.run(['transcribe', await speak('the people of the city were very happy')], {
      LONGHAND_DATA: data,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/not enough disk space for ".*": \d+ MB needed, \d+ MB free\.\n.*Free some space/);
    execFileSync('mount', ['-o', 'remount,size=200m', join(home.folder, 'disk')]);
    const resumed = await home.run(['resume', '1'], { LONGHAND_DATA: data });
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain('city');
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
