/** Uploads in parts, as the tus server sees them: each a folder with what has come and a record of what is known of it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/server';
import { UsageError } from '../../domain/errors.ts';
import { PRIVATE_FILE_MODE } from '../../files/directory.ts';
import { pour, requireUploadSpace } from '../../files/receive.ts';
import { makeUploadFolder, partOf, removeUpload, uploadFolder } from '../../files/upload-folder.ts';
import { type UploadRecord, writeUploadRecord } from '../../files/upload-record.ts';
import { ownRecord, UploadNotFoundError, uploadTurns } from '../../jobs/submit-parts.ts';
import type { Caller } from '../caller.ts';
import type { ApiContext } from '../context.ts';

/** Who asks, for what the tus server calls in between. */
export const callers = new AsyncLocalStorage<Caller>();

/** A job was made of it: what is deleted then is the job. */
class UploadInUseError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'upload_in_use';

  constructor(jobId: number) {
    super(`The upload is the recording of job ${jobId}.`, `Delete the job instead: DELETE /api/jobs/${jobId}`);
  }
}

/** The seam of the tus server to where its uploads are (https://tus.io/protocols/resumable-upload). */
export class TusStore extends DataStore {
  readonly #context: Pick<ApiContext, 'dataDir' | 'intake' | 'store'>;

  constructor(context: Pick<ApiContext, 'dataDir' | 'intake' | 'store'>) {
    super();
    this.#context = context;
    this.extensions = ['creation', 'creation-with-upload', 'creation-defer-length', 'termination', 'expiration'];
  }

  override async create(upload: Upload): Promise<Upload> {
    const { dataDir, store } = this.#context;
    await requireUploadSpace(dataDir, upload.size ?? 0);
    const part = await open(partOf(makeUploadFolder(dataDir, upload.id)), 'wx', PRIVATE_FILE_MODE);
    await part.close();
    await this.#write(upload.id, {
      userId: callers.getStore()?.userId ?? null,
      bytes: upload.size ?? null,
      metadata: upload.metadata ?? {},
      createdAt: store.clock.now(),
    });
    return upload;
  }

  /** What came before a connection broke is kept, and safe. @returns how many bytes there are now */
  override async write(source: Readable, id: string, offset: number): Promise<number> {
    const { bytes } = await this.#record(id);
    if (offset === bytes) return offset;
    const { dataDir, intake } = this.#context;
    const file = await open(partOf(uploadFolder(dataDir, id)), 'r+');
    try {
      const maxBytes = bytes ?? intake.maxUploadBytes;
      return await pour(source, file, { position: offset, maxBytes, folder: dataDir });
    } finally {
      await file.close();
    }
  }

  override async getUpload(id: string): Promise<Upload> {
    const { bytes, metadata } = await this.#record(id);
    const part = await stat(partOf(uploadFolder(this.#context.dataDir, id))).catch((error: NodeJS.ErrnoException) => {
      // It was whole, and has its name or is a job by now.
      if (error.code !== 'ENOENT') throw error;
    });
    return new Upload({
      id,
      ...(bytes === null ? {} : { size: bytes }),
      offset: part?.size ?? bytes ?? 0,
      metadata,
      // Its time begins anew with each part.
      creation_date: new Date(part?.mtimeMs ?? this.#context.store.clock.now()).toISOString(),
    });
  }

  override async declareUploadLength(id: string, bytes: number): Promise<void> {
    await this.#write(id, { ...(await this.#record(id)), bytes });
  }

  override async remove(id: string): Promise<void> {
    await uploadTurns.hold(id, async () => {
      const { jobId } = await this.#record(id);
      if (jobId !== undefined) throw new UploadInUseError(jobId);
      await removeUpload(this.#context.dataDir, id);
    });
  }

  override getExpiration(): number {
    return this.#context.intake.uploadKeepMs;
  }

  async #record(id: string): Promise<UploadRecord> {
    const caller = callers.getStore();
    if (!caller) throw new UploadNotFoundError();
    return await ownRecord(this.#context.dataDir, { id, userId: caller.userId });
  }

  async #write(id: string, record: UploadRecord): Promise<void> {
    await writeUploadRecord(this.#context.dataDir, id, record);
  }
}
