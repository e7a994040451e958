/**
 * A gzip file that can be read from any place without unpacking what is before it.
 *
 * The content is cut into blocks of one size, each of which is a gzip member of its own. Behind them is an empty member
 * whose extra field (RFC 1952, 2.3.1.1) tells the compressed size of each block. To `gunzip` and `zcat` it is a file like
 * any other: they join members and pass over extra fields.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import { PRIVATE_FILE_MODE, syncFolder } from '../files/directory.ts';
import { unfinishedPath } from './log-file.ts';
import { openIfThere, readBytes } from './read-bytes.ts';

const MIN_BLOCK_BYTES = 128 * 1024;
/** The extra field holds at most 65,535 bytes. */
const MAX_BLOCKS = 16_000;
/** A log shrinks to a tenth at the quickest level, and only by a few per cent more at the slowest. */
const LEVEL = constants.Z_BEST_SPEED;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Magic number, deflate, an extra field and nothing else; no time, unknown system. */
const INDEX_HEADER = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]);
/** The name of our field, as the RFC wants it: two letters. */
const FIELD_NAME = Buffer.from('LH');
/** An empty deflate stream, its checksum and its size. */
const EMPTY_CONTENT = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const MAX_INDEX_BYTES = INDEX_HEADER.length + 2 + 65_535 + EMPTY_CONTENT.length;

/** A file that is damaged, or none of ours. */
export class UnreadablePartError extends Error {
  override name = 'UnreadablePartError';

  constructor(path: string, options?: ErrorOptions) {
    super(`The rotated log ${path} cannot be read: it is damaged, or Longhand did not write it.`, options);
  }
}

/**
 * Replaces a file by `FILE.gz`, with its time. It is written aside, synced, renamed, and only then is the plain one
 * removed, so that one of the two is always there and whole. A file that is gone meanwhile is left at that.
 */
export async function compressFile(path: string): Promise<void> {
  const source = await openIfThere(path);
  if (!source) return;
  const aside = unfinishedPath(path);
  try {
    await writeCompressed(source, aside);
    await rename(aside, `${path}.gz`);
    await syncFolder(dirname(path));
    await rm(path, { force: true });
  } catch (error) {
    await rm(aside, { force: true });
    // Whoever removed it took it for a leftover, and compresses the part itself.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    await source.close();
  }
}

async function writeCompressed(source: FileHandle, path: string): Promise<void> {
  const { size, atime, mtime } = await source.stat();
  const blockBytes = Math.max(MIN_BLOCK_BYTES, Math.ceil(size / MAX_BLOCKS));
  const file = await open(path, 'wx', PRIVATE_FILE_MODE);
  try {
    const sizes: number[] = [];
    for (let start = 0; start < size; start += blockBytes) {
      const block = await compress(await readBytes(source, start, Math.min(size, start + blockBytes)), {
        level: LEVEL,
      });
      await file.writeFile(block);
      sizes.push(block.length);
    }
    await file.writeFile(indexMember(sizes, blockBytes));
    await file.utimes(atime, mtime);
    await file.sync();
  } finally {
    await file.close();
  }
}

function indexMember(sizes: number[], blockBytes: number): Buffer {
  const field = Buffer.alloc(4 * (sizes.length + 2));
  [...sizes, blockBytes, sizes.length].forEach((value, at) => {
    field.writeUInt32LE(value, 4 * at);
  });
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16LE(FIELD_NAME.length + 2 + field.length, 0);
  lengths.writeUInt16LE(field.length, 2);
  return Buffer.concat([INDEX_HEADER, lengths.subarray(0, 2), FIELD_NAME, lengths.subarray(2), field, EMPTY_CONTENT]);
}

interface Index {
  blockBytes: number;
  /** Where each block begins in the compressed file, and where the last one ends. */
  offsets: number[];
}

/** Reads what `compressFile` wrote, from any place. */
export class BlockGzip {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #index: Index;
  /** The block that was unpacked last: what is read next is often in it. */
  #block: { number: number; bytes: Buffer } | undefined;

  private constructor(file: FileHandle, path: string, index: Index) {
    this.#file = file;
    this.#path = path;
    this.#index = index;
  }

  /** @returns undefined when there is no such file @throws UnreadablePartError */
  static async open(path: string): Promise<BlockGzip | undefined> {
    const file = await openIfThere(path);
    if (!file) return undefined;
    try {
      const { size } = await file.stat();
      const index = indexIn(await readBytes(file, Math.max(0, size - MAX_INDEX_BYTES), size));
      if (!index) throw new UnreadablePartError(path);
      return new BlockGzip(file, path, index);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The bytes from `start` to `end` (not included) of the content; fewer where it ends before. @throws UnreadablePartError */
  async read(start: number, end: number): Promise<Buffer> {
    const { blockBytes, offsets } = this.#index;
    const pieces: Buffer[] = [];
    for (let at = start; at < end; ) {
      const number = Math.floor(at / blockBytes);
      if (number >= offsets.length - 1) break;
      const block = await this.#unpack(number);
      const from = number * blockBytes;
      const piece = block.subarray(at - from, end - from);
      if (piece.length === 0) break;
      pieces.push(piece);
      at += piece.length;
    }
    return Buffer.concat(pieces);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #unpack(number: number): Promise<Buffer> {
    if (this.#block?.number === number) return this.#block.bytes;
    const { blockBytes, offsets } = this.#index;
    const packed = await readBytes(this.#file, offsets[number] as number, offsets[number + 1] as number);
    const bytes = await decompress(packed, { maxOutputLength: blockBytes }).catch((cause) => {
      throw new UnreadablePartError(this.#path, { cause });
    });
    this.#block = { number, bytes };
    return bytes;
  }
}

/** The index, from the end of a file; undefined when there is none. */
function indexIn(tail: Buffer): Index | undefined {
  const end = tail.length - EMPTY_CONTENT.length;
  if (end < 8 || !tail.subarray(end).equals(EMPTY_CONTENT)) return undefined;
  const start = end - 4 * (tail.readUInt32LE(end - 4) + 2);
  const header = start - INDEX_HEADER.length - 6;
  if (header < 0 || !tail.subarray(header, header + INDEX_HEADER.length).equals(INDEX_HEADER)) return undefined;
  const offsets = [0];
  for (let at = start; at < end - 8; at += 4) offsets.push((offsets.at(-1) as number) + tail.readUInt32LE(at));
  return { blockBytes: tail.readUInt32LE(end - 8), offsets };
}
