/**
 * The unfinished file of a model that is being pulled.
 *
 * What has arrived rests in `ggml-<name>.bin.part`, with the server's validator (ETag or Last-Modified) in
 * `….part.json`. A pull first claims that file by renaming it to `….part-<pid>-<random>`: a rename is atomic, so of two
 * pulls one continues it and the other begins anew, and neither writes into the other's file; a pull that is
 * interrupted renames its file back. A claim whose process is dead, or that has not grown for long, is anybody's.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './alive.ts';

/** A claimed part that has not grown for this long belongs to nobody: several times what a stall may last. */
const ABANDONED_AFTER_MS = 10 * 60_000;

/** A pull's own file of what has arrived. */
export interface Part {
  /** Where the model will be. */
  target: string;
  /** This pull's claimed name. */
  path: string;
  file: FileHandle;
  size: number;
  /** Whether it came in more than one answer. */
  pieced: boolean;
  /** The source's mark of the file's state, for If-Range. */
  validator: string | undefined;
}

/** Claims of this process that are in use: their process lives, so its pid says nothing. */
const ownClaims = new Set<string>();

/** A part of this pull's own: the largest one that belongs to nobody, or an empty one. */
export async function claimPart(target: string): Promise<Part> {
  const path = `${target}.part-${process.pid}-${randomBytes(4).toString('hex')}`;
  ownClaims.add(path);
  try {
    const adopted = await adopt(target, path);
    const file = await open(path, adopted ? 'r+' : 'wx+', 0o600);
    const { size } = await file.stat();
    const validator = size > 0 ? await readValidator(path) : undefined;
    return { target, path, file, size, pieced: size > 0, validator };
  } catch (error) {
    ownClaims.delete(path);
    throw error;
  }
}

/** Takes over the largest part that belongs to nobody, and clears the others away. */
async function adopt(target: string, path: string): Promise<boolean> {
  const folder = join(target, '..');
  const prefix = `${target.slice(folder.length + 1)}.part`;
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix) && !name.endsWith('.json'));
  const free: { from: string; size: number }[] = [];
  for (const name of names) {
    const from = join(folder, name);
    const facts = await stat(from).catch(() => undefined); // Another pull may have just renamed it.
    if (facts && isNobodys(from, facts.mtimeMs)) free.push({ from, size: facts.size });
  }
  free.sort((a, b) => b.size - a.size);
  let adopted = false;
  for (const { from } of free) {
    if (adopted) {
      await rm(from, { force: true });
      await rm(`${from}.json`, { force: true });
    } else {
      adopted = await renamed(from, path);
      if (adopted) await renamed(`${from}.json`, `${path}.json`);
    }
  }
  return adopted;
}

function isNobodys(path: string, mtimeMs: number): boolean {
  const pid = /\.part-(\d+)-[0-9a-f]+$/.exec(path)?.[1];
  if (!pid) return true;
  if (ownClaims.has(path)) return false;
  return Number(pid) === process.pid || Date.now() - mtimeMs > ABANDONED_AFTER_MS || !isAlive(Number(pid));
}

/** Puts what has arrived back where the next pull finds it. */
export async function releasePart(part: Part): Promise<void> {
  try {
    await part.file.close();
    const left = await stat(part.path).catch(() => undefined); // Gone when it became the model.
    const resting = `${part.target}.part`;
    if (left && left.size > 0) {
      await renamed(`${part.path}.json`, `${resting}.json`);
      await renamed(part.path, resting);
    } else {
      await rm(part.path, { force: true });
      await rm(`${part.path}.json`, { force: true });
    }
  } finally {
    ownClaims.delete(part.path);
  }
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Forgets what has arrived. */
export async function emptyPart(part: Part): Promise<void> {
  await part.file.truncate(0);
  part.size = 0;
  part.pieced = false;
  part.validator = undefined;
  await rm(`${part.path}.json`, { force: true });
}

/** Weak ETags say nothing about bytes, so they do not count (RFC 9110, 13.1.5). */
export async function rememberValidator(part: Part, response: Response): Promise<void> {
  const etag = response.headers.get('etag');
  part.validator = etag && !etag.startsWith('W/') ? etag : (response.headers.get('last-modified') ?? undefined);
  if (part.validator)
    await writeFile(`${part.path}.json`, JSON.stringify({ validator: part.validator }), { mode: 0o600 });
}

async function readValidator(path: string): Promise<string | undefined> {
  try {
    const { validator } = JSON.parse(await readFile(`${path}.json`, 'utf8')) as { validator?: unknown };
    return typeof validator === 'string' ? validator : undefined;
  } catch {
    return undefined; // Without it the rest is asked for unconditionally; the checksum decides in the end.
  }
}
