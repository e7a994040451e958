import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { startInBackground } from '../../src/service/background.ts';
import { endProcess } from '../../src/service/end.ts';
import { environmentOf, readStat } from '../../src/supervisor/identity.ts';
import { filesOf, homeWithService } from './support.ts';

const ROUNDS = 20;
const PATIENCE_MS = 60_000;

it('twenty starts and stops in the background leave no process, no file, no socket', async () => {
  const home = homeWithService();
  Object.assign(process.env, { LONGHAND_PORT: '0', LONGHAND_ENGINE: 'pocketsphinx' });
  const { config } = loadConfig({}, home.env);
  const { signal } = new AbortController();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { process: service } = await startInBackground(config, { args: [], timeoutMs: PATIENCE_MS, signal });
    expect(readStat(service.pid)?.sessionId).toBe(service.pid);
    await endProcess(service, PATIENCE_MS);
    expect(filesOf(home)).toEqual(['jobs', 'logs', 'longhand.db', 'owner.lock']);
  }
  expect(readdirSync(`${home.dataDir}/logs`).sort()).toEqual(['longhand.log', 'service.log']);
  expect(livingWith(`LONGHAND_DATA=${config.dataDir}`)).toEqual([]);
});

/** Living processes, but this one, that inherited this. */
function livingWith(variable: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(
      (pid) =>
        pid > 0 && environmentOf(pid)?.includes(`\0${variable}\0`) && !'ZX'.includes(readStat(pid)?.state ?? 'X'),
    );
}
