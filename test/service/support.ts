import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Home } from '../support/cli.ts';

/** A home whose service is stopped when the test is over. */
export function homeWithService(env: NodeJS.ProcessEnv = {}): Home {
  const home = new Home({ LONGHAND_PORT: '0', LONGHAND_ENGINE: 'pocketsphinx', ...env });
  onTestFinished(async () => {
    await home.run(['stop']);
  });
  return home;
}

/** What is in a log of the service. */
export function serviceLog({ dataDir }: Home, name = 'longhand.log'): string {
  return readFileSync(join(dataDir, 'logs', name), 'utf8');
}

/** What stands in the data folder. */
export function filesOf({ dataDir }: Home): string[] {
  return readdirSync(dataDir).sort();
}
