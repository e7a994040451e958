import { mkdir, readFile } from 'node:fs/promises';
import { basename, isAbsolute, join, parse } from 'node:path';
import type { ApiClient } from '../api/client.ts';
import { UsageError } from '../domain/errors.ts';
import { writeFileAtomically } from '../files/directory.ts';
import type { JobView } from '../jobs/view.ts';
import { FORMAT_NAMES, FORMATS, type FormatName } from '../transcript/formats/index.ts';

/** Where texts go, from `--format` and `--output`. */
export interface Destination {
  formats: readonly FormatName[];
  /** A folder; undefined is standard output. */
  folder: string | undefined;
}

/**
 * Checks what was asked for.
 * @throws UsageError
 */
export function destination(formats: readonly string[] | undefined, folder: string | undefined): Destination {
  const wanted = formats?.length ? [...new Set(formats)] : ['txt'];
  for (const format of wanted) {
    if (!FORMAT_NAMES.includes(format as FormatName)) {
      throw new UsageError(`There is no format "${format}".`, `Formats: ${FORMAT_NAMES.join(', ')}.`);
    }
  }
  if (wanted.length > 1 && folder === undefined) {
    throw new UsageError('Several formats cannot share standard output.', 'Name a folder for them: --output DIR');
  }
  const unprintable = wanted.find((format) => !FORMATS[format as FormatName].isText);
  if (unprintable !== undefined && folder === undefined) {
    throw new UsageError(`A ${unprintable} is no text that could be printed.`, 'Name a folder for it: --output DIR');
  }
  return { formats: wanted as FormatName[], folder };
}

/**
 * The text of a job in a format that is text.
 * @param version its number; nothing: the newest
 */
export async function textOf(api: ApiClient, jobId: number, format: FormatName, version?: number): Promise<string> {
  return await api.getText(addressOf(jobId, format, version));
}

function addressOf(jobId: number, format: FormatName, version?: number): string {
  return `/api/jobs/${jobId}/transcript?format=${format}${version === undefined ? '' : `&version=${version}`}`;
}

/**
 * Writes a job's text into the folder, one file a format, named after the recording. Another recording's file is never
 * overwritten: then the job's number becomes part of the name. A file that holds this very text already is left as it is.
 * @param taken paths that this command has written already; extended by what is written
 * @param more `recording`: its path below the folder, when it is not its name alone; `version`: of the text, the newest when
 * nothing is said
 * @returns the paths
 */
export async function writeTexts(
  api: ApiClient,
  job: JobView,
  to: Destination,
  taken: Set<string>,
  { recording = job.filename, version }: { recording?: string | undefined; version?: number | undefined } = {},
): Promise<string[]> {
  const { dir, name } = parse(isBelow(recording) ? recording : basename(recording));
  const folder = join(to.folder as string, dir);
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const format of to.formats) {
    const { extension } = FORMATS[format];
    const content = await api.getBytes(addressOf(job.id, format, version));
    let path = join(folder, `${name}.${extension}`);
    const before = await contentOf(path);
    if (!before?.equals(content) && (taken.has(path) || before !== undefined))
      path = join(folder, `${name}.job-${job.id}.${extension}`);
    if (!(await contentOf(path))?.equals(content)) await writeFileAtomically(path, content);
    taken.add(path);
    written.push(path);
  }
  return written;
}

function isBelow(path: string): boolean {
  return !isAbsolute(path) && !path.split('/').includes('..');
}

/** What a file holds; undefined when there is none. */
async function contentOf(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
}
