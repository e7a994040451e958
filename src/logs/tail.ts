import { UnreadablePartError } from './block-gzip.ts';
import { LogReader, type Section } from './log-reader.ts';
import { wholeCharacters } from './utf8.ts';

const BLOCK_BYTES = 64 * 1024;
const PIECE_BYTES = 16 * BLOCK_BYTES;
/** However many lines are wanted, no more than this is taken into memory. */
const MAX_TAIL_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * A piece of a log and where it ends, so that a follower can go on from there with no gap and no repeat. Positions count
 * the bytes of the whole log from its first line on, whatever was rotated, compressed or deleted since.
 */
export interface LogPiece {
  text: string;
  /** Byte position after the piece. */
  position: number;
}

/** As `LogPiece`, in bytes, so that the position of each line in it can be told. */
export interface LogBytes {
  bytes: Buffer;
  position: number;
  /** It is not from the log: it says what of it is not there. */
  isGap: boolean;
}

/**
 * The last `lines` lines, read from the end, so that the size of the log does not matter. Where the current file has
 * fewer it reads on in the rotated parts, to the beginning of the log or to a part that is gone. A missing log is empty.
 * Of very many lines (more than 16 MB) only the last are returned.
 */
export async function lastLines(path: string, lines: number): Promise<LogPiece> {
  return readLog(path, async (log) => {
    const bytes = lines > 0 ? await bytesOfLastLines(log, lines) : Buffer.alloc(0);
    // The writer may be in the middle of a character; the follower gets it whole.
    const whole = wholeCharacters(bytes);
    return { text: bytes.toString('utf8', 0, whole), position: log.end - (bytes.length - whole) };
  });
}

/**
 * Whole lines from a byte position towards the end, at most 1 MB of them; a line that fits into no piece comes in several.
 * Where the position is in a part that is gone, the piece is a line that says so, and its position the oldest byte that
 * is left behind it. So it is for a position behind the end: what was there was lost, in a power cut for example.
 */
export async function linesFrom(path: string, position: number): Promise<LogPiece> {
  const piece = await bytesFrom(path, position);
  return { text: piece.bytes.toString('utf8'), position: piece.position };
}

/** As `linesFrom`, in bytes, and at most so many. */
export async function bytesFrom(path: string, position: number, most = PIECE_BYTES): Promise<LogBytes> {
  return readLog(path, async (log) => {
    if (position > log.end) return jump(`This log ends before byte ${position}`, log.end);
    const section = await log.sectionFrom(position);
    if (!section) return position === log.end ? { ...NOTHING, position } : gone(position, log.end);
    if (section.start > position) return gone(position, section.start);
    return linesIn(section, position, most);
  });
}

/** The position at which the last `lines` lines begin, as far as `lastLines` finds them. */
export async function startOfLastLines(path: string, lines: number): Promise<number> {
  return readLog(path, async (log) => log.end - (lines > 0 ? (await bytesOfLastLines(log, lines)).length : 0));
}

const NOTHING = { bytes: Buffer.alloc(0), isGap: false } as const;

async function readLog<T>(path: string, read: (log: LogReader) => Promise<T>): Promise<T> {
  const log = await LogReader.open(path);
  try {
    return await read(log);
  } finally {
    await log.close();
  }
}

async function linesIn(section: Section, position: number, most: number): Promise<LogBytes> {
  const bytes = await readIfReadable(section, position, Math.min(section.end, position + most));
  if (bytes.length === 0) return gone(position, section.end);
  const lines = bytes.lastIndexOf(NEWLINE) + 1;
  const isAllThereIs = section.rotated || bytes.length === most;
  const end = lines === 0 && isAllThereIs ? wholeCharacters(bytes) || bytes.length : lines;
  return { bytes: bytes.subarray(0, end), position: position + end, isGap: false };
}

/** Nothing of a part that is damaged. */
async function readIfReadable(section: Section, from: number, to: number): Promise<Buffer> {
  try {
    return await section.read(from, to);
  } catch (error) {
    if (error instanceof UnreadablePartError) return Buffer.alloc(0);
    throw error;
  }
}

function gone(from: number, to: number): LogBytes {
  return jump(`Bytes ${from} to ${to} of this log are no longer there`, to);
}

function jump(what: string, position: number): LogBytes {
  return { bytes: Buffer.from(`[${what}; it goes on at byte ${position}]\n`), position, isGap: true };
}

async function bytesOfLastLines(log: LogReader, lines: number): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let bytes = 0;
  let found = 0;
  /** Where the line begins that was found last, counted from the end of the log. */
  let lineBytes = 0;
  // The newline that ends the last line does not begin another one.
  for (let skip = 1; bytes < MAX_TAIL_BYTES; skip = 0) {
    const block = await blockBefore(log, log.end - bytes);
    if (block.length === 0) return Buffer.concat(blocks);
    blocks.unshift(block);
    for (let at = lastNewline(block, block.length - skip); at >= 0; at = lastNewline(block, at)) {
      found += 1;
      lineBytes = bytes + block.length - at - 1;
      if (found === lines) return lastBytes(blocks, lineBytes);
    }
    bytes += block.length;
  }
  return lastBytes(blocks, lineBytes || bytes);
}

/** What is before a position, empty where nothing is left. */
async function blockBefore(log: LogReader, position: number): Promise<Buffer> {
  const section = await log.sectionBefore(position);
  if (!section) return Buffer.alloc(0);
  const start = Math.max(section.start, position - BLOCK_BYTES);
  const block = await readIfReadable(section, start, position);
  return block.length === position - start ? block : Buffer.alloc(0);
}

/** The last newline before an index. */
function lastNewline(block: Buffer, before: number): number {
  return before <= 0 ? -1 : block.lastIndexOf(NEWLINE, before - 1);
}

function lastBytes(blocks: Buffer[], bytes: number): Buffer {
  const all = Buffer.concat(blocks);
  return all.subarray(all.length - bytes);
}
