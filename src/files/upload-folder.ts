/**
 * Where uploads are: `<data>/uploads/<32 hex digits>/`, one folder for each, with the recording in it under a name that is
 * safe (upload-name.ts). What begins with a dot is Longhand's own and can never be a recording's name.
 */
import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { makePrivateFolder, syncFolder } from './directory.ts';

const UPLOAD_ID = /^[0-9a-f]{32}$/;

/** The folder that holds the folders of all uploads. */
export function uploadsFolder(dataDir: string): string {
  return join(dataDir, 'uploads');
}

/** Whether this can be the id of an upload; what cannot never becomes part of a path. */
export function isUploadId(text: string): boolean {
  return UPLOAD_ID.test(text);
}

/** 128 random bits: nobody finds the upload of another by guessing. */
export function newUploadId(): string {
  return randomBytes(16).toString('hex');
}

/** The folder of one upload. */
export function uploadFolder(dataDir: string, id: string): string {
  if (!isUploadId(id)) throw new RangeError('That is no id of an upload.');
  return join(uploadsFolder(dataDir), id);
}

/** Makes the folder of a new upload. */
export function makeUploadFolder(dataDir: string, id: string): string {
  const folder = uploadFolder(dataDir, id);
  makePrivateFolder(folder);
  return folder;
}

/** What has come of a recording that is not there as a whole yet. */
export function partOf(folder: string): string {
  return join(folder, '.part');
}

/** Gives a whole and synced recording its name, so that both outlive a power cut. @returns its path */
export async function settleUpload(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await rename(partOf(folder), path);
  await syncFolder(folder);
  await syncFolder(dirname(folder));
  return path;
}

/** Removes an upload with all that is in its folder. */
export async function removeUpload(dataDir: string, id: string): Promise<void> {
  await rm(uploadFolder(dataDir, id), { recursive: true, force: true });
}

/** The upload that a file is the recording of; undefined for any other file. */
export function uploadOf(dataDir: string, path: string): string | undefined {
  const [id = '', name, ...deeper] = relative(uploadsFolder(dataDir), path).split(sep);
  return isUploadId(id) && name && deeper.length === 0 ? id : undefined;
}
