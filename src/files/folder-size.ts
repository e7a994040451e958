import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** The bytes of all files below a folder; 0 when there is none. What goes away meanwhile does not count; links are not followed. */
export async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) bytes += await bytesBelow(path);
      else if (entry.isFile()) bytes += await bytesOf(path);
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return bytes;
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
