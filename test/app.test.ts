import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startOwner } from '../src/app.ts';
import type { Config } from '../src/config/schema.ts';
import { ownConfig, ownerOf, ownerUnderTest } from './supervisor/owners.ts';

const LOG = join('logs', 'longhand.log');

function serviceLog({ dataDir }: Config): string {
  return readFileSync(join(dataDir, LOG), 'utf8');
}

/** Nobody can listen where a folder is. */
function cannotStart(config: Config): Promise<unknown> {
  mkdirSync(join(config.dataDir, 'owner.sock'), { recursive: true });
  return startOwner(config, { acceptsJobs: true, onWarning: () => undefined });
}

/** What this process holds open below a folder. */
function openBelow(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch (error) {
      // The one by which the folder was read.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

describe('an owner', () => {
  it('starts with a server whose password holds a bare %', async () => {
    const { owner } = await ownerUnderTest({ openaiUrl: 'http://me:100%@127.0.0.1:1/v1' });
    await owner.close();
  });

  it('hides that password in its log', async () => {
    const flags = { openaiUrl: 'http://me:100%pure@127.0.0.1:1/v1' };
    const config = { ...ownConfig(flags), dataDir: `${ownConfig().dataDir} 100%pure` };
    await expect(cannotStart(config)).rejects.toThrow(/100%pure/);
    expect(serviceLog(config)).toContain(' [hidden]/owner.sock');
    expect(serviceLog(config)).not.toContain('100%pure');
  });

  it('that accepts jobs writes its start and its end down', async () => {
    const { config, owner } = await ownerUnderTest();
    await owner.close();
    expect(serviceLog(config)).toMatch(
      /INFO +owner +Started: .*\n.*INFO +owner +Stopping \(shutdown\).*\n.*INFO +owner +Stopped\n/,
    );
  });

  it('that only looks something up does not, unless everything is wanted', async () => {
    const config = ownConfig();
    await (await ownerOf(config, { acceptsJobs: false })).owner.close();
    expect(serviceLog(config)).toBe('');
    await (await ownerOf({ ...config, logLevel: 'DEBUG' }, { acceptsJobs: false })).owner.close();
    expect(serviceLog(config)).toMatch(/DEBUG +owner +Started[\s\S]*DEBUG +owner +Stopped\n/);
  });

  it.runIf(process.platform === 'linux')('that cannot start says why and leaves nothing open', async () => {
    const config = ownConfig();
    await expect(cannotStart(config)).rejects.toThrow(/owner\.sock/);
    expect(serviceLog(config)).toMatch(/ERROR +owner +Could not start: .*owner\.sock/);
    expect(openBelow(config.dataDir)).toEqual([]);
  });
});
