import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { identityFrom, isDead, type ProcessIdentity, readStat } from '../../../src/supervisor/identity.ts';

export type Role = 'runner' | 'engine worker' | 'ffmpeg' | 'other';

/** A living process of a job's current run. */
export interface Target {
  identity: ProcessIdentity;
  role: Role;
}

/** The processes that work on a job, told by their folder: a runner works in its job's, and what it starts inherits it. */
export function targetsOf(dataDir: string, jobId: number): Target[] {
  const folder = join(dataDir, 'jobs', String(jobId));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && folderOf(name) === folder)
    .flatMap((name) => {
      const stat = readStat(Number(name));
      if (!stat || isDead(stat)) return [];
      return [{ identity: identityFrom(stat), role: roleOf(stat) }];
    });
}

function folderOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Gone since the listing, or a zombie: nothing to hit.
    return undefined;
  }
}

function roleOf({ pid, groupId, command }: { pid: number; groupId: number; command: string }): Role {
  if (pid === groupId) return 'runner';
  if (/^(pocketsphinx|whisper-cli)/.test(command)) return 'engine worker';
  return command.startsWith('ffmpeg') || command.startsWith('ffprobe') ? 'ffmpeg' : 'other';
}
