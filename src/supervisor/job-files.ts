/** Where a job's files are, and which of them stay. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../files/directory.ts';
import { AUDIO_ARTIFACT } from '../pipeline/stages/prepare.ts';
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
  for (const name of await namesIn(jobDir)) {
    if (name.endsWith('.part')) await rm(join(jobDir, name), { force: true });
  }
}

/** The decoded audio is only a means: it goes when the job is done. A missing file is what is wanted. */
export async function dropAudio(store: Store, jobId: number, jobDir: string): Promise<void> {
  const audio = (await listArtifacts(store, jobId)).find(({ name }) => name === AUDIO_ARTIFACT);
  if (!audio) return;
  await rm(join(jobDir, audio.path), { force: true });
  await dropArtifact(store, jobId, AUDIO_ARTIFACT);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
