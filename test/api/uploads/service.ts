/** A real service for what comes in over the network, and forms as a hostile client may write them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnerOptions } from '../../../src/app.ts';
import type { ConfigInput } from '../../../src/config/schema.ts';
import { uploadsFolder } from '../../../src/files/upload-folder.ts';
import type { JobDetails } from '../../../src/jobs/view.ts';
import { MISBEHAVING_RUNNER, type OwnerUnderTest, ownConfig, ownerOf } from '../../supervisor/owners.ts';

export const BOUNDARY = 'X-LONGHAND-X';

export interface Service extends OwnerUnderTest {
  /** Such as `http://127.0.0.1:41234`. */
  url: string;
  /** All files of uploads, as `id/name`. */
  uploads(): string[];
  job(id: number): Promise<JobDetails>;
}

/** A service whose queue is paused, so that its jobs stay as they were made. */
export async function pausedService(flags: ConfigInput = {}, options: Partial<OwnerOptions> = {}): Promise<Service> {
  const service = await serviceOf(ownConfig({ port: 0, ...flags }), { runnerPath: MISBEHAVING_RUNNER, ...options });
  await service.api.post('/api/queue/pause');
  return service;
}

/** A service in folders that may exist. */
export async function serviceOf(
  config: ReturnType<typeof ownConfig>,
  options: Partial<OwnerOptions> = {},
): Promise<Service> {
  const owner = await ownerOf(config, { listens: true, takesAll: true, ...options });
  const folder = uploadsFolder(config.dataDir);
  return {
    ...owner,
    url: owner.owner.address as string,
    uploads: () => filesBelow(folder),
    job: (id) => owner.api.get<JobDetails>(`/api/jobs/${id}/details`),
  };
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((id) => readdirSync(join(folder, id)).map((name) => join(id, name)));
  } catch (error) {
    // Nothing was ever uploaded, or it has gone just now.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export interface Part {
  name: string;
  value: string | Uint8Array;
  /** Set for a file: written as it is, whatever is in it. */
  filename?: string;
}

/** A form byte by byte. */
export function formOf(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ name, value, filename }) => [
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`,
    filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: application/octet-stream`,
    '\r\n\r\n',
    value,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map((piece) => Buffer.from(piece as string)));
}

export const FORM_HEADERS = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

/** An answer of the API: a job that was made, or a problem. */
export interface Answer {
  status: number;
  body: { id: number; filename: string; detail: string } & Record<string, unknown>;
}

export async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** Sends a form to `/api/jobs`. */
export async function sendForm({ url }: Service, body: readonly Part[] | Uint8Array): Promise<Answer> {
  const bytes = body instanceof Uint8Array ? body : formOf(body);
  return await answerOf(
    await fetch(`${url}/api/jobs`, { method: 'POST', headers: FORM_HEADERS, body: new Uint8Array(bytes) }),
  );
}

/** Sends JSON to `/api/jobs`. */
export async function sendOrder({ url }: Service, order: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return await answerOf(await fetch(`${url}/api/jobs`, { method: 'POST', headers, body: JSON.stringify(order) }));
}

/** A form with a file of this content and further fields. */
export function recordingForm(content: string | Uint8Array, fields: Record<string, string> = {}): Part[] {
  const texts = Object.entries(fields).map(([name, value]) => ({ name, value }));
  return [...texts, { name: 'file', value: content, filename: 'talk.wav' }];
}
