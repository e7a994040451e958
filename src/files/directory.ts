import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Files and folders of jobs hold what people said: theirs alone. */
export const PRIVATE_FILE_MODE = 0o600;
export const PRIVATE_FOLDER_MODE = 0o700;

/**
 * Writes a whole file so that readers see the old one or the new one and never a half: written aside, synced, renamed,
 * and the folder synced so that the new name outlives a power cut.
 * @returns its sha256 (hex) and size
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
): Promise<{ sha256: string; bytes: number }> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const aside = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(aside, 'wx', PRIVATE_FILE_MODE);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

/**
 * Makes a folder and what is missing above it, readable by this user alone. One that is there already stays as it is.
 * Node's own recursive mkdir never returns where a system refuses with ENOENT below a folder that exists, as /proc does.
 */
export function makePrivateFolder(path: string): void {
  if (existsSync(path)) return;
  makePrivateFolder(dirname(path));
  try {
    mkdirSync(path, { mode: PRIVATE_FOLDER_MODE });
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Makes a rename in a folder outlive a power cut: it is on the disk only when its folder is (fsync(2)). */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
