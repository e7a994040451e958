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
 * Writes all that comes into a file and syncs it, also when the source breaks off: what was written then is safe.
 * @returns how many bytes the file has
 * @throws UploadTooLargeError; DiskError when the disk becomes full; whatever the source fails with
 */
export async function pour(source: AsyncIterable<Uint8Array>, file: FileHandle, to: Pouring): Promise<number> {
  let at = to.position;
  let lookAt = at + LOOK_EVERY_BYTES;
  try {
    for await (const piece of source) {
      if (at + piece.length > to.maxBytes) throw new UploadTooLargeError(to.maxBytes);
      if (at >= lookAt) {
        await requireUploadSpace(to.folder, 0);
        lookAt = at + LOOK_EVERY_BYTES;
      }
      // The system writes in a thread of its own; meanwhile this one hashes.
      const written = writeWhole(file, piece, at);
      to.hash?.update(piece);
      await written;
      at += piece.length;
    }
  } catch (error) {
    throw diskFullOr(error);
  } finally {
    await file.sync();
  }
  return at;
}

/** @throws DiskError when so many bytes more would leave too little on the disk */
export async function requireUploadSpace(folder: string, bytes: number): Promise<void> {
  const { freeBytes } = await diskSpaceOf(folder);
  if (freeBytes >= bytes + DISK_MARGIN_BYTES) return;
  throw noSpace(`${byteSize(freeBytes)} are free, ${byteSize(bytes + DISK_MARGIN_BYTES)} are needed`);
}

async function writeWhole(file: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    done += (await file.write(piece, done, piece.length - done, position + done)).bytesWritten;
  }
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
