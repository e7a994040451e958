/**
 * Uploads that nobody needs: those that were broken off and not taken up again, those that never became a job, those whose
 * job was deleted while this process ended.
 *
 * A folder is only removed when no job is for its recording, and not by its age alone: an older database that was restored
 * does not know jobs whose recordings are here. So a folder whose job was found once is marked with the job's number, and
 * goes only when the trail of changes says that somebody deleted that job.
 */
import type { Stats } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PRIVATE_FILE_MODE } from '../files/directory.ts';
import { isUploadId, partOf, removeUpload, uploadFolder, uploadsFolder } from '../files/upload-folder.ts';
import { wereDeleted } from '../store/remove-job.ts';
import { jobsOfFile } from '../store/sources.ts';
import type { Store } from '../store/store.ts';

const MARK = /^\.job-(\d+)$/;

export interface OldUploads {
  store: Store;
  dataDir: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** How long an upload without a job is kept, from when its last byte came. */
  keepMs: number;
  /** What came in one piece before this moment cannot be taken up again and is not kept at all: the connection is gone. */
  brokenBefore?: number;
}

/** @returns how many uploads were removed */
export async function removeOldUploads(uploads: OldUploads): Promise<number> {
  const { store, dataDir } = uploads;
  const marked = new Map<number, string>();
  const gone: string[] = [];
  for (const id of (await namesIn(uploadsFolder(dataDir))).filter(isUploadId)) {
    const names = await namesIn(uploadFolder(dataDir, id));
    const jobId = names.map((name) => MARK.exec(name)?.[1]).find((digits) => digits !== undefined);
    if (jobId !== undefined) marked.set(Number(jobId), id);
    else if (!(await markWithJob(uploads, id, names)) && (await isOld(uploads, id, names))) gone.push(id);
  }
  for (const jobId of await wereDeleted(store, [...marked.keys()])) {
    const id = marked.get(jobId) as string;
    // Another job may have been made of the same file.
    if (!(await markWithJob(uploads, id, await namesIn(uploadFolder(dataDir, id))))) gone.push(id);
  }
  for (const id of gone) await removeUpload(dataDir, id);
  return gone.length;
}

/** @returns whether a job is for its recording */
async function markWithJob({ store, dataDir }: OldUploads, id: string, names: readonly string[]): Promise<boolean> {
  const folder = uploadFolder(dataDir, id);
  for (const name of names.filter((each) => !each.startsWith('.'))) {
    const path = join(folder, name);
    const facts = await factsOf(path);
    const [jobId] = facts ? await jobsOfFile(store, { path, bytes: facts.size }) : [];
    if (jobId === undefined) continue;
    await writeFile(join(folder, `.job-${jobId}`), '', { mode: PRIVATE_FILE_MODE });
    return true;
  }
  return false;
}

/** Whether nothing of it has changed for too long. */
async function isOld(uploads: OldUploads, id: string, names: readonly string[]): Promise<boolean> {
  const { dataDir, now, keepMs, brokenBefore = -Infinity } = uploads;
  const folder = uploadFolder(dataDir, id);
  const isBroken = names.every((name) => join(folder, name) === partOf(folder));
  const before = isBroken ? Math.max(brokenBefore, now - keepMs) : now - keepMs;
  const paths = [folder, ...names.map((name) => join(folder, name))];
  const facts = await Promise.all(paths.map(factsOf));
  // What was renamed or removed just now is in somebody's hands.
  return facts.every((each) => each !== undefined && each.mtimeMs < before);
}

async function factsOf(path: string): Promise<Stats | undefined> {
  return await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    // No upload has come yet, or it was removed since.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
