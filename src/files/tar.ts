/** Archives of small files: ustar (POSIX.1-1988, IEEE Std 1003.1, "pax", ustar interchange format), compressed with gzip. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PRIVATE_FILE_MODE } from './directory.ts';

const BLOCK_BYTES = 512;
const LONGEST_NAME_BYTES = 100;
const REGULAR_FILE = '0';

/**
 * A `.tar.gz` of text files, readable by their owner alone.
 * @param files name (with `/` where it is in a folder, up to 100 bytes) to content
 * @param modifiedAt the time that the files get, in milliseconds since the epoch
 * @throws RangeError when a name is too long
 */
export async function tarGz(files: ReadonlyMap<string, string>, modifiedAt: number): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (const [name, text] of files) {
    const content = Buffer.from(text, 'utf8');
    blocks.push(header(name, content.length, modifiedAt), content, zeros(-content.length));
  }
  // Two empty blocks are the end.
  blocks.push(Buffer.alloc(2 * BLOCK_BYTES));
  return await promisify(gzip)(Buffer.concat(blocks));
}

/** So many that the length comes to whole blocks. */
function zeros(negativeLength: number): Buffer {
  return Buffer.alloc(((negativeLength % BLOCK_BYTES) + BLOCK_BYTES) % BLOCK_BYTES);
}

function header(name: string, bytes: number, modifiedAt: number): Buffer {
  if (Buffer.byteLength(name) > LONGEST_NAME_BYTES)
    throw new RangeError(`The name "${name}" is too long for an archive.`);
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0);
  block.write(octal(PRIVATE_FILE_MODE, 8), 100);
  // Nobody in particular: whoever unpacks it owns the files.
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(bytes, 12), 124);
  block.write(octal(Math.floor(modifiedAt / 1000), 12), 136);
  block.write(REGULAR_FILE, 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  // The sum of all bytes, with spaces where it will stand.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Digits that fill a field but for the NUL at its end. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}
