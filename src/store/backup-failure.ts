import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, writeFileAtomically } from '../files/directory.ts';
import { backupsDir } from './backups-dir.ts';

/** Why the last daily backup could not be made. */
export interface BackupFailure {
  /** Milliseconds since the epoch. */
  at: number;
  message: string;
  remedy?: string | undefined;
}

/** Beside the backups, not in the database, which may be what is broken. */
function failureFile(file: string): string {
  return join(backupsDir(file), 'failed.json');
}

/** Keeps why a backup failed until one succeeds, so that it can be told when its owner is gone. */
export async function noteFailure(file: string, failure: BackupFailure): Promise<void> {
  makePrivateFolder(backupsDir(file));
  await writeFileAtomically(failureFile(file), JSON.stringify(failure));
}

/** Called when a backup was made. */
export function forgetFailure(file: string): void {
  rmSync(failureFile(file), { force: true });
}

/** Why the last daily backup failed; undefined when it did not. */
export function backupFailure(file: string): BackupFailure | undefined {
  try {
    return JSON.parse(readFileSync(failureFile(file), 'utf8')) as BackupFailure;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
