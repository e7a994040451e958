/** The texts of many recordings in one file. */
import type { Job } from '../../api-types.ts';
import { ProblemError, send, withQuery } from '../../client.ts';

export const FORMATS = ['txt', 'srt', 'vtt', 'json', 'docx'] as const;
export type Format = (typeof FORMATS)[number];

export interface Archive {
  /** A zip archive. */
  content: Blob;
  count: number;
  /** Why a text is not in it, with how many are not for that reason. */
  refused: Map<string, number>;
}

/** @param jobs finished ones: others have no text */
export async function archiveOf(
  jobs: readonly Job[],
  format: Format,
  onCount: (count: number) => void,
): Promise<Archive> {
  const { zipSync } = await import('fflate');
  const files: Record<string, Uint8Array> = {};
  const refused = new Map<string, number>();
  let count = 0;
  for (const { id, filename } of jobs) {
    const response = await textOf(id, format).catch((error: unknown) => {
      if (!(error instanceof ProblemError)) throw error;
      refused.set(error.message, (refused.get(error.message) ?? 0) + 1);
    });
    if (!response) continue;
    const name = filename.replace(/\.[^.]*$/, '');
    const place = `${name}.${format}` in files ? `${name} (${id}).${format}` : `${name}.${format}`;
    files[place] = new Uint8Array(await response.arrayBuffer());
    count += 1;
    onCount(count);
  }
  const content = new Blob([zipSync(files)], { type: 'application/zip' });
  return { content, count, refused };
}

function textOf(id: number, format: Format): Promise<Response> {
  return send('GET', withQuery(`/api/jobs/${id}/transcript`, { format, download: true }));
}
