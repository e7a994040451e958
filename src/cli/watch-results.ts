import type { ApiClient } from '../api/client.ts';
import { LonghandError } from '../domain/errors.ts';
import type { JobView } from '../jobs/view.ts';
import { asTyped, print, say, shown } from './output.ts';
import { sayWhyNoText } from './results.ts';

const MOST_SHOWN = 1000;

export interface Told {
  json: boolean;
  /** The recording's path below the watched folder. */
  name?: string;
  /** Where its text was written. */
  files?: string[];
}

/** Tells how one job ended: a sentence, or a line of JSON. */
export function tellResult(job: JobView, { json, name = job.filename, files = [] }: Told): void {
  if (json) print(JSON.stringify({ ...job, files }));
  if (job.status !== 'completed') {
    sayWhyNoText(job);
    return;
  }
  const where = files.length > 0 ? files.map(shown).join(', ') : asTyped(`longhand export ${job.id}`);
  say(`Job ${job.id}: ${shown(name)} done: ${where}`);
}

/** A job, or undefined when somebody has deleted it meanwhile. */
export async function jobOf(api: ApiClient, id: number): Promise<JobView | undefined> {
  try {
    return await api.get<JobView>(`/api/jobs/${id}`);
  } catch (error) {
    if (!(error instanceof LonghandError) || error.kind !== 'usage') throw error;
    return undefined;
  }
}

/** Jobs that are not over. */
export async function unfinished(api: ApiClient): Promise<JobView[]> {
  const ask = (status: string) => api.get<{ jobs: JobView[] }>(`/api/jobs?status=${status}&limit=${MOST_SHOWN}`);
  const answers = await Promise.all(['pending', 'processing', 'retrying'].map(ask));
  return answers.flatMap(({ jobs }) => jobs);
}
