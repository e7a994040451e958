/**
 * Reads a file to its end while another program is still writing it.
 *
 * All of it goes through one block of memory. A pipe would do the same work, but Node reads a pipe into fresh memory
 * (64 KB each time), which stays until the garbage is collected: with hours of sound that is tens of megabytes. What was
 * written a moment ago is read from the kernel's page cache, not from the disk.
 */
import type { FileHandle } from 'node:fs/promises';

/** Large enough that reading costs next to nothing, small enough for a processor's cache. */
const BLOCK_BYTES = 256 * 1024;
/** The kernel gives no event for "this file has grown" that does not come with every single write. */
const LOOK_INTERVAL_MS = 100;

/**
 * Follows a file from its beginning until its writer has ended and all that was written is read. In between it looks
 * ten times a second for what is new.
 * @param file open for reading, a regular one; its position is neither used nor moved.
 * @param ended settles when nothing more will be written; must not reject.
 * @param take receives the bytes in order. They are gone when it returns: the next ones come in the same memory.
 * @returns after each look, how many bytes were taken so far.
 */
export async function* follow(
  file: FileHandle,
  ended: Promise<unknown>,
  take: (bytes: Uint8Array) => void,
): AsyncGenerator<number> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  const writer = alarm(ended);
  for (let position = 0; ; ) {
    const last = writer.gone;
    const { size } = await file.stat();
    while (position < size) {
      const { bytesRead } = await file.read(block, 0, Math.min(block.length, size - position), position);
      if (bytesRead === 0) throw new Error(`The file ended at ${position} bytes; it had ${size} a moment ago.`);
      take(block.subarray(0, bytesRead));
      position += bytesRead;
    }
    yield position;
    if (last) return;
    await writer.goneOrAfter(LOOK_INTERVAL_MS);
  }
}

/** One listener for the whole time: `Promise.race` would leave one behind for each look. */
function alarm(ended: Promise<unknown>) {
  let gone = false;
  let wake = () => {};
  void ended.then(() => {
    gone = true;
    wake();
  });
  return {
    get gone() {
      return gone;
    },
    goneOrAfter: (ms: number) =>
      new Promise<void>((resolve) => {
        if (gone) return resolve();
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
