import { type FileHandle, open } from 'node:fs/promises';

const BLOCK_BYTES = 64 * 1024;
const PIECE_BYTES = 16 * BLOCK_BYTES;
const NEWLINE = 0x0a;

/** A piece of a log and where it ends, so that a follower can go on from there with no gap and no repeat. */
export interface LogPiece {
  text: string;
  /** Byte position after the piece. */
  position: number;
}

/** The last `lines` lines, read from the end, so that the size of the log does not matter. A missing log is empty. */
export async function lastLines(path: string, lines: number): Promise<LogPiece> {
  const file = await openOrUndefined(path);
  if (!file) return { text: '', position: 0 };
  try {
    const { size } = await file.stat();
    const start = await startOfLastLines(file, size, lines);
    const bytes = await readBytes(file, start, size);
    // The writer may be in the middle of a character; the follower gets it whole.
    const end = wholeCharacters(bytes);
    return { text: bytes.subarray(0, end).toString('utf8'), position: start + end };
  } finally {
    await file.close();
  }
}

/** Whole lines from a byte position towards the end; a line that fits into no piece comes in several. */
export async function linesFrom(path: string, position: number): Promise<LogPiece> {
  const file = await openOrUndefined(path);
  if (!file) return { text: '', position };
  try {
    const { size } = await file.stat();
    const bytes = await readBytes(file, position, Math.min(size, position + PIECE_BYTES));
    const lines = bytes.lastIndexOf(NEWLINE) + 1;
    const end = lines === 0 && bytes.length === PIECE_BYTES ? wholeCharacters(bytes) : lines;
    return { text: bytes.subarray(0, end).toString('utf8'), position: position + end };
  } finally {
    await file.close();
  }
}

async function startOfLastLines(file: FileHandle, size: number, lines: number): Promise<number> {
  if (lines <= 0) return size;
  let found = 0;
  // The newline that ends the last line does not begin another one.
  for (let end = size - 1; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = await readBytes(file, start, end);
    for (let at = block.lastIndexOf(NEWLINE); at >= 0; at = at > 0 ? block.lastIndexOf(NEWLINE, at - 1) : -1) {
      found += 1;
      if (found === lines) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

/** How many of these bytes are whole characters of UTF-8: all but a last one that is cut off. */
function wholeCharacters(bytes: Buffer): number {
  // A character has up to four bytes, and all but its first begin with the bits 10.
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte < 0b1100_0000 ? 1 : byte < 0b1110_0000 ? 2 : byte < 0b1111_0000 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

async function readBytes(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, end - start));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function openOrUndefined(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
