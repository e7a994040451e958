/** What is known of an upload that comes in parts, kept beside it: it is taken up again after a restart. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from './directory.ts';
import { uploadFolder } from './upload-folder.ts';

export interface UploadRecord {
  /** Who began it; null where there is one user. */
  userId: string | null;
  /** How many bytes it will have; null while its sender has not said. */
  bytes: number | null;
  /** As its sender gave it: `filename` and the options of the job. */
  metadata: Record<string, string | null>;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** The job that was made of it, or that had the same recording. */
  jobId?: number;
}

/** @returns undefined when there is no such upload, or it did not come in parts */
export async function readUploadRecord(dataDir: string, id: string): Promise<UploadRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordPath(dataDir, id), 'utf8')) as UploadRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Keeps it, safe on the disk when this resolves. */
export async function writeUploadRecord(dataDir: string, id: string, record: UploadRecord): Promise<void> {
  await writeFileAtomically(recordPath(dataDir, id), JSON.stringify(record));
}

function recordPath(dataDir: string, id: string): string {
  return join(uploadFolder(dataDir, id), '.upload.json');
}
