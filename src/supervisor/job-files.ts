/** Where a job's files are, and which of them stay. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskError } from '../domain/errors.ts';
import { makePrivateFolder } from '../files/directory.ts';
import { jobIdOfLogFile } from '../logs/log-file.ts';
import { AUDIO_ARTIFACT } from '../pipeline/stages/prepare.ts';
import { mediaFolder } from '../pipeline/waveform-file.ts';
import { dropArtifact, listArtifacts } from '../store/artifacts.ts';
import type { Store } from '../store/store.ts';

/** The folder of a job's files. */
export function jobFolder(dataDir: string, jobId: number): string {
  return join(dataDir, 'jobs', String(jobId));
}

/** The log of a job. */
export function logPath(dataDir: string, jobId: number): string {
  return join(dataDir, 'logs', `transcribe_job_${jobId}.log`);
}

/** A folder for what lives no longer than a run: FIFOs and scratch files of engine workers. */
export function scratchFolder(jobDir: string): string {
  return join(jobDir, 'scratch');
}

/** Makes the folders that a run needs, empty where the last run left something half done. */
export async function prepareJobFolder(jobDir: string): Promise<void> {
  await removeScratch(jobDir);
  makePrivateFolder(scratchFolder(jobDir));
}

/** Removes what a run that is over left behind, however it ended: its scratch files and files that were never finished. */
export async function removeScratch(jobDir: string): Promise<void> {
  await rm(scratchFolder(jobDir), { recursive: true, force: true });
  for (const folder of [jobDir, mediaFolder(jobDir)]) {
    for (const name of await namesIn(folder)) {
      if (name.endsWith('.part')) await rm(join(folder, name), { force: true });
    }
  }
}

/** The decoded audio is only a means: it goes when the job is done. A missing file is what is wanted. */
export async function dropAudio(store: Store, jobId: number, jobDir: string): Promise<void> {
  const audio = (await listArtifacts(store, jobId)).find(({ name }) => name === AUDIO_ARTIFACT);
  if (!audio) return;
  await rm(join(jobDir, audio.path), { force: true });
  await dropArtifact(store, jobId, AUDIO_ARTIFACT);
}

/**
 * Removes everything of a job that was deleted: its folder and its logs.
 * @throws DiskError when something cannot be removed; housekeeping tries again
 */
export async function removeJobFiles(dataDir: string, jobId: number): Promise<void> {
  const logs = join(dataDir, 'logs');
  try {
    await rm(jobFolder(dataDir, jobId), { recursive: true, force: true });
    for (const name of await namesIn(logs)) {
      if (jobIdOfLogFile(name) === String(jobId)) await rm(join(logs, name), { force: true });
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DiskError(
      `Job ${jobId} is deleted, but not all of its files: ${path ?? jobFolder(dataDir, jobId)} (${code}).`,
      'Make it writable, then remove it with: longhand cleanup',
    );
  }
}

/** Removes the files in a job's folder that its next run does not need, but no file that this run may have begun already. */
export async function removeStaleFiles(
  jobDir: string,
  { names, newerThanMs }: { names: readonly string[]; newerThanMs: number },
): Promise<void> {
  for (const name of await namesIn(jobDir)) {
    const path = join(jobDir, name);
    const facts = await stat(path);
    if (facts.isFile() && !names.includes(name) && facts.mtimeMs < newerThanMs) await rm(path, { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
