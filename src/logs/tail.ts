import { type FileHandle, open } from 'node:fs/promises';

const BLOCK_BYTES = 64 * 1024;
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
    return { text: await readRange(file, start, size), position: size };
  } finally {
    await file.close();
  }
}

/** Whole lines from a byte position to the end. */
export async function linesFrom(path: string, position: number): Promise<LogPiece> {
  const file = await openOrUndefined(path);
  if (!file) return { text: '', position };
  try {
    const { size } = await file.stat();
    const bytes = await readBytes(file, position, Math.min(size, position + BLOCK_BYTES * 16));
    const end = bytes.lastIndexOf(NEWLINE) + 1;
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

async function readRange(file: FileHandle, start: number, end: number): Promise<string> {
  return (await readBytes(file, start, end)).toString('utf8');
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
