import { access, mkdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
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
  return { formats: wanted as FormatName[], folder };
}

/** The text of a job in one format. */
export function textOf(api: ApiClient, jobId: number, format: FormatName): Promise<string> {
  return api.getText(`/api/jobs/${jobId}/transcript?format=${format}`);
}

/**
 * Writes a job's text into the folder, one file a format, named after the recording. Another recording's file is never
 * overwritten: then the job's number becomes part of the name.
 * @param taken paths that this command has written already; extended by what is written
 * @returns the paths
 */
export async function writeTexts(api: ApiClient, job: JobView, to: Destination, taken: Set<string>): Promise<string[]> {
  const folder = to.folder as string;
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const format of to.formats) {
    const name = parse(job.filename).name;
    const { extension } = FORMATS[format];
    let path = join(folder, `${name}.${extension}`);
    if (taken.has(path) || (await exists(path))) path = join(folder, `${name}.job-${job.id}.${extension}`);
    await writeFileAtomically(path, await textOf(api, job.id, format));
    taken.add(path);
    written.push(path);
  }
  return written;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
