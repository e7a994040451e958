/**
 * The picture of a job's recording, in the job's folder: `media/waveform-<sha256 of the recording>.json`.
 * The name says of which recording it is, so that it is never that of another.
 */
import { join } from 'node:path';
import type { Peaks } from '../audio/peaks.ts';
import { makePrivateFolder, writeFileAtomically } from '../files/directory.ts';

/** As it is kept and as it goes over the wire. */
export interface Waveform extends Peaks {
  version: 1;
}

/** For what players need. */
export function mediaFolder(jobDir: string): string {
  return join(jobDir, 'media');
}

export function waveformPath(jobDir: string, sourceSha256: string): string {
  return join(mediaFolder(jobDir), `waveform-${sourceSha256}.json`);
}

/** Keeps it; whoever reads meanwhile finds the old one or the new one. */
export async function writeWaveform(jobDir: string, sourceSha256: string, peaks: Peaks): Promise<void> {
  makePrivateFolder(mediaFolder(jobDir));
  const waveform: Waveform = { version: 1, ...peaks };
  await writeFileAtomically(waveformPath(jobDir, sourceSha256), JSON.stringify(waveform));
}
