/** From an upload that came in parts (tus) to a job. It may be asked for any number of times: it stays one job. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import type { EngineName } from '../engines/engine.ts';
import { sha256OfFile } from '../files/hash.ts';
import { isUploadId, partOf, settleUpload, uploadFolder } from '../files/upload-folder.ts';
import { fileName, shownName } from '../files/upload-name.ts';
import { readUploadRecord, type UploadRecord, writeUploadRecord } from '../files/upload-record.ts';
import { getJob } from '../store/jobs.ts';
import { jobsOfFile } from '../store/sources.ts';
import type { Store } from '../store/store.ts';
import { jobNotFound } from './errors.ts';
import { InTurn } from './in-turn.ts';
import type { Submitted } from './submit.ts';
import { submitUpload, type UploadContext, type Wish } from './submit-upload.ts';

/** There is no such upload, or it is somebody else's. */
export class UploadNotFoundError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'upload_not_found';

  constructor() {
    super('There is no such upload.', 'It may have expired. Send the recording again.');
  }
}

/** Not all of it has come yet. */
export class UploadUnfinishedError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'upload_unfinished';

  constructor(has: number, bytes: number | null) {
    super(`The upload is not whole: ${has} of ${bytes ?? 'so far unknown'} bytes have come.`, 'Send the rest first.');
  }
}

/** One at a time for each upload: whoever makes a job of it, and whoever deletes it. */
export const uploadTurns = new InTurn();

/**
 * Makes a job of an upload that is whole. Its sha256 is taken here, by reading it once more: what was known of the hash when
 * a part ended could not be kept over an interruption.
 * @param wishFor what is asked for, as far as the upload's own metadata say it too
 * @param upload.userId who asks; null may use the uploads of all
 * @throws UploadNotFoundError, UploadUnfinishedError; as `submit`, then the upload stays as it is
 */
export async function submitParts(
  context: UploadContext,
  upload: { id: string; userId: string | null },
  wishFor: (record: UploadRecord) => Wish,
): Promise<Submitted> {
  const { store, dataDir } = context;
  const { id } = upload;
  return await uploadTurns.hold(id, async () => {
    const record = await ownRecord(dataDir, upload);
    if (record.jobId !== undefined) return await jobBefore(store, record.jobId);
    const wish = wishFor(record);
    const path = await wholeFile(uploadFolder(dataDir, id), record);
    const { size: bytes } = await stat(path);
    const [known] = await jobsOfFile(store, { path, bytes });
    const submitted =
      known === undefined
        ? await submitUpload(context, { path, filename: nameOf(record), bytes, sha256: await sha256OfFile(path) }, wish)
        : await jobBefore(store, known);
    await writeUploadRecord(dataDir, id, { ...record, jobId: submitted.id });
    if (submitted.duplicateOf) await rm(path);
    return submitted;
  });
}

/** The record of an upload that is the caller's. @throws UploadNotFoundError */
export async function ownRecord(
  dataDir: string,
  { id, userId }: { id: string; userId: string | null },
): Promise<UploadRecord> {
  const record = isUploadId(id) ? await readUploadRecord(dataDir, id) : undefined;
  if (!record || (userId !== null && record.userId !== userId)) throw new UploadNotFoundError();
  return record;
}

/** What its sender calls it. */
function nameOf({ metadata }: UploadRecord): string {
  return shownName(metadata.filename ?? metadata.name ?? '');
}

/** The recording under its own name. @throws UploadUnfinishedError */
async function wholeFile(folder: string, record: UploadRecord): Promise<string> {
  if (record.bytes === 0) throw new UsageError('The upload is empty; there is nothing to transcribe.');
  const name = fileName(nameOf(record));
  const settled = join(folder, name);
  if ((await sizeOf(settled)) === record.bytes) return settled;
  const has = (await sizeOf(partOf(folder))) ?? 0;
  if (has !== record.bytes) throw new UploadUnfinishedError(has, record.bytes);
  return await settleUpload(folder, name);
}

async function sizeOf(path: string): Promise<number | undefined> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  return facts?.size;
}

/** The job that was made of it. @throws JobNotFoundError when it was deleted since */
async function jobBefore(store: Store, id: number): Promise<Submitted> {
  const job = await getJob(store, id);
  if (!job) throw await jobNotFound(store, id);
  const { filename, engine, model } = job;
  return { id, filename, engine: engine as EngineName, model, existed: true };
}
