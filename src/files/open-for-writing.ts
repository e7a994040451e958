import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** Access mode in the flags of an open file: 0 is read only (open(2)). */
const ACCESS_MODE = 0o3;

/**
 * Which of the files somebody on this machine has open for writing, as far as this user may see. Where there is no /proc,
 * none: then only time tells.
 * @param paths absolute
 */
export async function openForWriting(paths: readonly string[]): Promise<Set<string>> {
  const wanted = new Map<string, string>();
  for (const path of paths) wanted.set(await realpath(path).catch(() => path), path);
  const open = new Set<string>();
  if (wanted.size === 0) return open;
  for (const pid of await listing('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await listing(`/proc/${pid}/fd`)) {
      const path = wanted.get(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''));
      if (path !== undefined && !open.has(path) && (await isForWriting(pid, fd))) open.add(path);
    }
  }
  return open;
}

/** Processes come and go, and others' are not to be seen: those have nothing to tell. */
async function listing(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function isForWriting(pid: string, fd: string): Promise<boolean> {
  const info = await readFile(join('/proc', pid, 'fdinfo', fd), 'utf8').catch(() => '');
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
}
