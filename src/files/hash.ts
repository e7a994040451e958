import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

const BLOCK_BYTES = 256 * 1024;

/**
 * The sha256 of a file, hex. It is read through one block, so that its size does not show in the memory used.
 * @throws the signal's reason when it aborts
 */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const file = await open(path);
  try {
    return await sha256OfOpenFile(file, signal);
  } finally {
    await file.close();
  }
}

/** As `sha256OfFile`, of what is open already, wherever its position is. */
export async function sha256OfOpenFile(file: FileHandle, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  for (let position = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(block, 0, block.length, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(block.subarray(0, bytesRead));
    position += bytesRead;
  }
}
