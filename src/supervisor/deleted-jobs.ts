import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { jobIdOfLogFile } from '../logs/log-file.ts';
import { wereDeleted } from '../store/remove-job.ts';
import type { Store } from '../store/store.ts';
import { removeJobFiles } from './job-files.ts';

/**
 * Removes what is left of jobs that were deleted: whoever deleted one may have died before its files were gone. What belongs
 * to a job that is unknown for another reason, such as an older database that was restored, stays.
 * @returns of how many jobs something was removed
 */
export async function removeLeftOfDeleted(
  store: Store,
  dataDir: string,
  holds: (jobId: number) => boolean,
): Promise<number> {
  const ids = (await idsWithFiles(dataDir)).filter((id) => !holds(id));
  const deleted = await wereDeleted(store, ids);
  for (const id of deleted) await removeJobFiles(dataDir, id);
  return deleted.length;
}

async function idsWithFiles(dataDir: string): Promise<number[]> {
  const [folders, logs] = await Promise.all([readdir(join(dataDir, 'jobs')), readdir(join(dataDir, 'logs'))]);
  const names = [...folders, ...logs.map((name) => jobIdOfLogFile(name) ?? '')];
  return [...new Set(names.filter((name) => /^\d+$/.test(name)).map(Number))];
}
