import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { DiskError, UsageError } from '../domain/errors.ts';
import { writeFileAtomically } from '../files/directory.ts';
import { FORMAT_NAMES, FORMATS, type FormatName } from '../transcript/formats/index.ts';

/** Where the text goes, and how. */
export interface Output {
  path: string;
  format: FormatName;
}

/**
 * Makes sure, before any work, that the text can be written.
 * @param input absolute path of the recording, which exists
 * @throws UsageError for an unknown extension, a folder that is missing or cannot be written, and the recording itself
 */
export async function checkedOutput(output: string, input: string): Promise<Output> {
  if (typeof output !== 'string' || output === '') {
    throw new UsageError('The output must be the path of a file.', `It ends with ${extensions()}.`);
  }
  const path = resolve(output);
  const extension = extname(path).slice(1).toLowerCase();
  const format = FORMAT_NAMES.find((name) => FORMATS[name].extension === extension);
  if (!format) {
    throw new UsageError(
      `"${output}" has no extension that names a format of text.`,
      `It must end with ${extensions()}.`,
    );
  }
  await requireWritable(path);
  await requireAnother(path, input);
  return { path, format };
}

/**
 * Writes the text: all of it or nothing.
 * @throws DiskError
 */
export async function writeText({ path }: Output, text: Uint8Array): Promise<void> {
  try {
    await writeFileAtomically(path, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DiskError(
      `The text cannot be written to "${path}" (${code}).`,
      'Make room there, or name another file; a job with a number keeps its text.',
    );
  }
}

async function requireWritable(path: string): Promise<void> {
  const folder = dirname(path);
  await access(folder, constants.W_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new UsageError(`There is no folder "${folder}" for the text.`, 'Make it first.');
    }
    throw new UsageError(`The folder "${folder}" cannot be written (${error.code}).`, 'Name a file in another folder.');
  });
}

/** The text never replaces a folder or the recording. */
async function requireAnother(path: string, input: string): Promise<void> {
  const there = await statOrUndefined(path);
  if (!there) return;
  if (there.isDirectory()) throw new UsageError(`"${path}" is a folder.`, 'Name a file in it.');
  const recording = await stat(input);
  if (there.dev === recording.dev && there.ino === recording.ino) {
    throw new UsageError(`"${path}" is the recording itself.`, 'Name another file for the text.');
  }
}

async function statOrUndefined(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function extensions(): string {
  const all = FORMAT_NAMES.map((name) => `.${FORMATS[name].extension}`);
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}
