import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inNaturalOrder, looksLikeRecording } from './recordings.ts';

/** Why a file of a folder is not taken. */
export type WhyNot = 'no recording' | 'hidden' | 'link to nowhere' | 'cannot be read' | 'given twice';

export interface Skipped {
  path: string;
  why: WhyNot;
}

export interface FolderOptions {
  recursive: boolean;
  /** Absolute paths of folders that are not entered: Longhand's own. */
  except?: readonly string[];
}

export interface Found {
  /** Absolute, in natural order. */
  recordings: string[];
  skipped: Skipped[];
}

/**
 * The recordings in a folder: files whose names say that they are audio or video. Hidden files and folders are left out. A
 * link to a folder is followed, once: links in circles come to an end.
 * @param folder absolute
 * @throws what reading the folder itself throws; a folder below that cannot be read is skipped and told
 */
export async function recordingsIn(folder: string, { recursive, except = [] }: FolderOptions): Promise<Found> {
  const found: Found = { recordings: [], skipped: [] };
  const seen = new Set(await Promise.all(except.map(realOrGiven)));
  await enter(folder, await readdir(folder, { withFileTypes: true }), { recursive, seen, found });
  found.recordings.sort(inNaturalOrder);
  return found;
}

interface Walk {
  recursive: boolean;
  /** Real paths of folders that were entered, or are not to be. */
  seen: Set<string>;
  found: Found;
}

async function enter(folder: string, entries: Dirent[], walk: Walk): Promise<void> {
  const real = await realOrGiven(folder);
  if (walk.seen.has(real)) return;
  walk.seen.add(real);
  const { recordings, skipped } = walk.found;
  for (const entry of entries.sort((a, b) => inNaturalOrder(a.name, b.name))) {
    const path = join(folder, entry.name);
    const kind = await kindOf(path, entry);
    if (entry.name.startsWith('.')) skipped.push({ path, why: 'hidden' });
    else if (kind === 'gone') skipped.push({ path, why: 'link to nowhere' });
    else if (kind === 'folder') await enterBelow(path, walk);
    else if (kind === 'file' && looksLikeRecording(path)) recordings.push(path);
    else skipped.push({ path, why: 'no recording' });
  }
}

async function enterBelow(folder: string, walk: Walk): Promise<void> {
  if (!walk.recursive) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error;
    return undefined;
  });
  if (entries) await enter(folder, entries, walk);
  else walk.found.skipped.push({ path: folder, why: 'cannot be read' });
}

async function kindOf(path: string, entry: Dirent): Promise<'file' | 'folder' | 'other' | 'gone'> {
  // Some network file systems do not say in the listing what an entry is.
  const isTold = entry.isFile() || entry.isDirectory();
  const facts = isTold ? entry : await stat(path).catch(() => undefined);
  if (!facts) return 'gone';
  if (facts.isDirectory()) return 'folder';
  return facts.isFile() ? 'file' : 'other';
}

/** A folder that does not exist has only the name it was given. */
async function realOrGiven(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
