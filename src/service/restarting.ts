/**
 * A restart in one piece. Between the end of the old service and the start of the new one nobody owns the data folder, and
 * whoever waits for a job would become its owner in that moment; the new service would find the folder taken.
 *
 * So `longhand restart` says in `restarting.json` that it is at it, before it ends the service, until the new one answers.
 * Whoever could become the owner stands back meanwhile. The file counts only as long as exactly that process is alive and
 * its deadline is not over: one that was killed holds nobody up, nor does one that hangs.
 */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { systemClock } from '../domain/clock.ts';
import { makePrivateFolder, writeFileAtomically } from '../files/directory.ts';
import { isAlive } from '../supervisor/identity.ts';
import { ownIdentity } from './service-file.ts';

/** `session/patience.ts` looks for it by its name, too. */
const RESTARTING = 'restarting.json';

const record = z.object({
  process: z.object({ pid: z.int().positive(), startTime: z.string(), bootId: z.string().nullable() }),
  /** Milliseconds since the epoch. */
  until: z.number(),
});

/** While the work is done nobody else becomes the owner of the data folder, for at most so long. */
export async function whileRestarting<T>(dataDir: string, mostMs: number, work: () => Promise<T>): Promise<T> {
  const path = join(dataDir, RESTARTING);
  makePrivateFolder(dataDir);
  const until = systemClock.now() + mostMs;
  await writeFileAtomically(path, `${JSON.stringify({ process: ownIdentity(), until })}\n`);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Whether somebody restarts the service of this data folder now. */
export function isRestarting(dataDir: string): boolean {
  const parsed = record.safeParse(contentOf(join(dataDir, RESTARTING)));
  return parsed.success && systemClock.now() < parsed.data.until && isAlive(parsed.data.process);
}

function contentOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // No file, no folder, or half of a file that somebody else wrote.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(code)) return undefined;
    throw error;
  }
}
