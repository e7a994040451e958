/** From what was typed to recordings: files, folders, patterns and lists, in the order in which they were given. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import { recordingsIn, type Skipped } from './folder.ts';
import { inNaturalOrder, looksLikeRecording } from './recordings.ts';
import { requireFile } from './submit.ts';

/** A recording that is to be handed in. */
export interface Input {
  /** Absolute. */
  path: string;
  /** What it is called below the folder in which its text goes: its path below the given folder, or its name. */
  name: string;
}

export interface Inputs {
  recordings: Input[];
  /** What was found and left out. */
  skipped: Skipped[];
}

export interface Given {
  /** Files, folders and patterns. */
  inputs: readonly string[];
  /** Files with one of these a line; `-` is standard input. */
  lists: readonly string[];
  /** Folders with what is below them. */
  recursive: boolean;
  /** Absolute paths of folders that hold Longhand's own files. */
  except?: readonly string[];
  /** What relative paths start at. */
  cwd: string;
  readStandardInput(): Promise<string>;
}

/**
 * Finds the recordings. Nothing is started before all that was given was looked at.
 * @throws UsageError for a link, a missing file, a pattern that nothing matches, a folder without recordings, an empty list
 */
export async function findInputs(given: Given): Promise<Inputs> {
  const wanted = given.inputs.map((text) => ({ text, base: given.cwd, from: '' }));
  for (const list of given.lists) wanted.push(...(await linesOf(list, given)));
  for (const { text, from } of wanted) refuseLink(text, from);
  const found: Inputs = { recordings: [], skipped: [] };
  for (const want of wanted) {
    const { recordings, skipped } = await expand(want, given);
    found.recordings.push(...recordings);
    found.skipped.push(...skipped);
  }
  return await eachOnce(found);
}

interface Wanted {
  text: string;
  /** What it is relative to. */
  base: string;
  /** Where it stands, for a list: ` (talks.txt, line 3)`. */
  from: string;
}

async function linesOf(list: string, { cwd, readStandardInput }: Given): Promise<Wanted[]> {
  const path = resolve(cwd, list);
  if (list !== '-') await requireFile(path);
  const text = list === '-' ? await readStandardInput() : await readFile(path, 'utf8');
  const name = list === '-' ? 'standard input' : list;
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const wanted = lines.flatMap((line, index) =>
    line.trim() === '' || line.trimStart().startsWith('#')
      ? []
      : [{ text: line, base: list === '-' ? cwd : dirname(path), from: ` (${name}, line ${index + 1})` }],
  );
  if (wanted.length === 0) {
    throw new UsageError(
      `The list ${name} names nothing.`,
      'Write one path a line; lines that begin with # are left out.',
    );
  }
  return wanted;
}

/** `https://…`, and what people paste from an address bar. */
const LINK = /^([a-z][a-z0-9+.-]*:\/\/|(www\.|m\.)?(youtube\.com|youtu\.be|vimeo\.com)\/)/i;

function refuseLink(text: string, from: string): void {
  if (!LINK.test(text)) return;
  throw new UsageError(
    `"${text}" is a link${from}. Recordings must be files on this machine; links are not taken yet.`,
    'Download it first, then name the file.',
  );
}

async function expand({ text, base, from }: Wanted, given: Given): Promise<Inputs> {
  const path = resolve(base, text);
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isDirectory()) return await expandFolder(path, text, given);
  if (!facts) {
    const { isDynamicPattern } = await import('tinyglobby');
    if (isDynamicPattern(text)) return await expandPattern({ text, base, from });
  }
  await requireFile(path).catch((error) => {
    throw from && error instanceof UsageError
      ? new UsageError(`${error.message.replace(/\.$/, '')}${from}.`, error.remedy)
      : error;
  });
  return { recordings: [{ path, name: basename(path) }], skipped: [] };
}

async function expandFolder(folder: string, text: string, { recursive, except }: Given): Promise<Inputs> {
  const { recordings, skipped } = await recordingsIn(folder, { recursive, except: except ?? [] }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UsageError(`The folder "${text}" cannot be read (${error.code}).`, 'Check its permissions.');
    },
  );
  if (recordings.length === 0) {
    throw new UsageError(
      `There are no recordings in the folder "${text}".`,
      recursive
        ? 'Files are taken by their names: .mp3, .wav, .mp4 and the like. One with another name must be named itself.'
        : 'With --recursive the folders in it are looked through as well.',
    );
  }
  return await readable({ recordings: recordings.map((path) => ({ path, name: relative(folder, path) })), skipped });
}

async function expandPattern({ text, base, from }: Wanted): Promise<Inputs> {
  const { glob } = await import('tinyglobby');
  const matches = await glob(text, { cwd: base, absolute: true, dot: false, expandDirectories: false });
  // Whoever writes `*.dat` means these files; whoever writes `*` means the recordings among them.
  const namesExtension = /\.[a-z0-9]+$/i.test(text);
  const taken = matches.filter((path) => namesExtension || looksLikeRecording(path)).sort(inNaturalOrder);
  if (taken.length === 0) {
    throw new UsageError(
      `Nothing matches "${text}"${from}${matches.length > 0 ? ' that looks like a recording' : ''}.`,
      'In a pattern * stands for any name and ** for any folders.',
    );
  }
  const root = isAbsolute(text) ? staticPart(text) : resolve(base, staticPart(text));
  const skipped = matches
    .filter((path) => !taken.includes(path))
    .map((path) => ({ path, why: 'no recording' as const }));
  return await readable({ recordings: taken.map((path) => ({ path, name: relative(root, path) })), skipped });
}

/** What was found and not named: one that cannot be read keeps the others from nothing. */
async function readable({ recordings, skipped }: Inputs): Promise<Inputs> {
  const result: Inputs = { recordings: [], skipped: [...skipped] };
  for (const input of recordings) {
    const isReadable = await requireFile(input.path).catch((error) => {
      if (!(error instanceof UsageError)) throw error;
    });
    if (isReadable) result.recordings.push(input);
    else result.skipped.push({ path: input.path, why: 'cannot be read' });
  }
  return result;
}

/** The folders of a pattern before the first that is not plain: `talks` of `talks/*.mp3`. */
function staticPart(pattern: string): string {
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => /[*?[\]{}()!+@]/.test(part));
  return parts.slice(0, first).join('/') || (pattern.startsWith('/') ? '/' : '.');
}

/** A file that was given twice, also under another name, is one recording. */
async function eachOnce({ recordings, skipped }: Inputs): Promise<Inputs> {
  const seen = new Set<string>();
  const once: Inputs = { recordings: [], skipped: [...skipped] };
  for (const input of recordings) {
    const real = await realpath(input.path);
    if (seen.has(real)) once.skipped.push({ path: input.path, why: 'given twice' });
    else once.recordings.push(input);
    seen.add(real);
  }
  return once;
}
