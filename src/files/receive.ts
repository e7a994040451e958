/** Bytes that come in, written as they come: the sender waits for the disk, and no more than a piece is in memory. */
import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { byteSize } from '../domain/bytes.ts';
import { DiskError, UsageError } from '../domain/errors.ts';
import { diskSpaceOf } from './disk-space.ts';

/** Left free beside uploads, for the store, the logs and the jobs that run. */
const DISK_MARGIN_BYTES = 256 * 1024 * 1024;
/** The disk is looked at again after so many bytes. */
const LOOK_EVERY_BYTES = 64 * 1024 * 1024;
/** A write takes about as long for this much as for a single piece of what a socket gives. */
const BATCH_BYTES = 512 * 1024;

/** More came than a recording may have. */
export class UploadTooLargeError extends UsageError {
  readonly statusCode = 413;
  readonly code = 'upload_too_large';

  constructor(maxBytes: number) {
    super(
      `The upload is larger than ${byteSize(maxBytes)}, the most that is taken.`,
      'Send a smaller file, such as its sound alone, or set LONGHAND_MAX_UPLOAD higher.',
    );
  }
}

export interface Pouring {
  /** Where the first byte goes. */
  position: number;
  /** Most that the file may have in the end. */
  maxBytes: number;
  /** A folder on the disk that must not become full. */
  folder: string;
  /** Told of every byte, when given. */
  hash?: Hash;
}

/**
 * Writes all that comes into a file and syncs it, also when the source breaks off: what came until then is safe.
 * @returns how many bytes the file has
 * @throws UploadTooLargeError; DiskError when the disk becomes full; whatever the source fails with
 */
export async function pour(source: AsyncIterable<Uint8Array>, file: FileHandle, to: Pouring): Promise<number> {
  const writer = new BatchWriter(file, to.position);
  let lookAt = to.position + LOOK_EVERY_BYTES;
  try {
    try {
      for await (const piece of source) {
        if (writer.end + piece.length > to.maxBytes) throw new UploadTooLargeError(to.maxBytes);
        if (writer.end >= lookAt) {
          await requireUploadSpace(to.folder, 0);
          lookAt = writer.end + LOOK_EVERY_BYTES;
        }
        to.hash?.update(piece);
        await writer.add(piece);
      }
    } finally {
      await writer.finish();
    }
  } catch (error) {
    throw diskFullOr(error);
  }
  return writer.end;
}

/** Writes pieces in batches, each while the next one comes in: at most two are in memory. */
class BatchWriter {
  readonly #file: FileHandle;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #position: number;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** Where the next byte goes. */
  get end(): number {
    return this.#position + this.#batchBytes;
  }

  async add(piece: Uint8Array): Promise<void> {
    this.#batch.push(piece);
    this.#batchBytes += piece.length;
    if (this.#batchBytes >= BATCH_BYTES) await this.#write();
  }

  /** Writes what is left and syncs the file. */
  async finish(): Promise<void> {
    await this.#write();
    await this.#writing;
    await this.#file.sync();
  }

  async #write(): Promise<void> {
    await this.#writing;
    const [batch, position] = [this.#batch, this.#position];
    this.#position = this.end;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#writing = writeWhole(this.#file, batch, position);
    // Whoever waits for it next is told.
    this.#writing.catch(() => undefined);
  }
}

/** @throws DiskError when so many bytes more would leave too little on the disk */
export async function requireUploadSpace(folder: string, bytes: number): Promise<void> {
  const { freeBytes } = await diskSpaceOf(folder);
  if (freeBytes >= bytes + DISK_MARGIN_BYTES) return;
  throw noSpace(`${byteSize(freeBytes)} are free, ${byteSize(bytes + DISK_MARGIN_BYTES)} are needed`);
}

async function writeWhole(file: FileHandle, batch: Uint8Array[], position: number): Promise<void> {
  let at = position;
  for (let left = batch; left.length > 0; ) {
    const { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    left = behind(left, bytesWritten);
  }
}

/** What is left of a batch of which only the beginning was written. */
function behind(batch: Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  return batch.flatMap((piece) => {
    const skipped = Math.min(skip, piece.length);
    skip -= skipped;
    return skipped < piece.length ? [piece.subarray(skipped)] : [];
  });
}

function diskFullOr(error: unknown): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' ? noSpace('it is full') : error;
}

function noSpace(how: string): DiskError {
  return new DiskError(
    `There is too little space on the disk for this upload: ${how}.`,
    'Delete jobs that are not needed any more, or make room on the disk of LONGHAND_DATA; then send it again.',
  );
}
