import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ToldSetting } from '../../src/api/schemas/settings.ts';
import { homeWithService } from '../service/support.ts';
import { Home } from '../support/cli.ts';

interface Told {
  settings: ToldSetting[];
  waitingForRestart: string[];
}

async function settingOf(home: Home, name: string): Promise<ToldSetting | undefined> {
  return (await home.json<Told>(['settings'])).settings.find((one) => one.name === name);
}

it('without a service settings are kept for the next command, and set back', async () => {
  const home = new Home();
  expect(await home.run(['settings', 'set', 'maxMemoryBytes', '3GB'])).toMatchObject({
    code: 0,
    stdout: 'maxMemoryBytes is 3.0 GB now.\n',
  });
  expect(await settingOf(home, 'maxMemoryBytes')).toMatchObject({ value: 3 * 1024 ** 3, source: 'page' });
  const listed = (await home.run(['settings'])).stdout;
  expect(listed).toMatch(/^maxMemoryBytes +3\.0 GB +settings +memory that /m);
  expect(listed).toMatch(/^dataDir +.+ +LONGHAND_DATA +folder of /m);
  expect((await home.run(['settings', 'unset', 'maxMemoryBytes'])).stdout).toBe('maxMemoryBytes is 2.0 GB now.\n');
  expect((await home.run(['settings', 'unset', 'maxMemoryBytes'])).stdout).toBe('It is so already.\n');
});

it('what cannot be changed is refused with the reason', async () => {
  const home = new Home({ LONGHAND_MODEL: 'base' });
  const fixed = await home.run(['settings', 'set', 'model', 'tiny']);
  expect(fixed.code).toBe(2);
  expect(fixed.stderr).toContain('The setting model is set by the variable LONGHAND_MODEL, which counts more.');
  expect((await home.run(['settings', 'set', 'modle', 'tiny'])).stderr).toContain('Did you mean "model"?');
  expect((await home.run(['settings', 'set', 'port', '80'])).stderr).toContain('Set LONGHAND_PORT or its line');
  expect((await home.run(['settings', 'set', 'maxConcurrent', '0'])).stderr).toContain('it must be above 0');
});

it('a running service is changed, and a secret from standard input is seen by nobody', async () => {
  const home = homeWithService();
  expect((await home.run(['start'])).code).toBe(0);
  const setting = home.start(['settings', 'set', 'openaiKey', '-']);
  setting.child.stdin?.end('sk-from-a-file\n');
  const done = await setting.finished;
  expect(done).toMatchObject({ code: 0, stdout: 'openaiKey is [hidden] now.\n' });
  expect(done.stderr).toContain('It holds after a restart of the service');
  expect((await home.run(['settings'])).stdout).toMatch(/^openaiKey \* +\[hidden\]/m);
  expect(readFileSync(join(home.dataDir, 'settings.json'), 'utf8')).toContain('"sk-from-a-file"');
  expect((await home.run(['restart'])).code).toBe(0);
  expect(await settingOf(home, 'openaiKey')).toMatchObject({ waitsForRestart: false, source: 'page' });
  expect((await home.run(['audit'])).stdout).toContain('Settings changed: openaiKey set to [hidden] (was nothing)');
});
