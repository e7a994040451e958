/** Sees one job through, whoever does the work: this process, or the owner of the data folder. */
import { type ApiClient, OwnerGoneError } from '../api/client.ts';
import type { Config } from '../config/schema.ts';
import { type ErrorKind, type ErrorReport, reportOf, UsageError } from '../domain/errors.ts';
import { type Submission, submissionOf } from '../jobs/submission.ts';
import type { Submitted } from '../jobs/submit.ts';
import type { JobView } from '../jobs/view.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import type { StartOwner } from '../session/owner-process.ts';
import { openSession } from '../session/session.ts';
import { follow } from './follow.ts';
import type { Notices } from './notices.ts';
import { type Output, writeText } from './output.ts';
import { COMPLETE } from './progress.ts';

/** Lines of the job's log that the caller gets. */
const LOG_LINES = 200;

/** What one call asks for, checked. */
export interface Task {
  /** Absolute path of the recording. */
  input: string;
  output: Output;
  config: Config;
  /** The number of a job that is kept; undefined: nothing is kept. */
  jobId: number | undefined;
  signal: AbortSignal | undefined;
  /** Never throws. */
  onProgress(progress: ProgressReport): void;
  notices: Notices;
}

/** How it ended. */
export type Outcome = { success: true; logs: string[] } | { success: false; logs: string[]; error: ErrorReport };

/**
 * Hands the recording in, or finds its job, and follows it to its end. When the owner ends before that, this process takes
 * the job over from its checkpoint.
 * @throws UsageError when no job can be made of it; the signal's reason, once the job has stopped
 */
export async function seeThrough(startOwner: StartOwner, config: Config, task: Task): Promise<Outcome> {
  const { signal, notices } = task;
  let id: number | undefined;
  for (;;) {
    const session = await openSession(config, { startOwner, acceptsJobs: true, signal });
    try {
      signal?.throwIfAborted();
      id = id === undefined ? await submit(session.api, config, task) : await goOn(session.api, id);
      await followOurs(session.api, id, task);
      return await outcomeOf(session.api, id, task);
    } catch (error) {
      if (!(error instanceof OwnerGoneError)) throw error;
      signal?.throwIfAborted();
    } finally {
      await session.close().catch(notices.failed('The data folder could not be closed'));
    }
  }
}

async function submit(api: ApiClient, config: Config, { input, jobId }: Task): Promise<number> {
  const wish: Submission = { ...submissionOf(input, config), id: jobId };
  const { id, existed } = await api.post<Submitted>('/api/jobs', wish);
  return existed ? await goOn(api, id) : id;
}

/** Makes a job go on from its checkpoint, unless it is complete. */
async function goOn(api: ApiClient, id: number): Promise<number> {
  try {
    await api.post(`/api/jobs/${id}/resume`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { status } = await api.get<JobView>(`/api/jobs/${id}`);
    if (status !== 'completed') throw error;
  }
  return id;
}

/** The owner stops the job when nobody else waits for it. */
async function followOurs(api: ApiClient, id: number, { onProgress, signal }: Task): Promise<void> {
  const stop = async () => {
    const { stopping } = await api.post<{ stopping: boolean }>(`/api/jobs/${id}/stop`, { why: 'interrupted' });
    return stopping;
  };
  await follow(api, id, { onProgress, signal, stop });
}

async function outcomeOf(api: ApiClient, id: number, { output, onProgress }: Task): Promise<Outcome> {
  const job = await api.get<JobView>(`/api/jobs/${id}`);
  const logs = linesOf(await api.getText(`/api/jobs/${id}/log?lines=${LOG_LINES}`));
  if (job.status !== 'completed') return { success: false, logs, error: errorOf(job) };
  try {
    await writeText(output, await api.getBytes(`/api/jobs/${id}/transcript?format=${output.format}`));
  } catch (error) {
    if (error instanceof OwnerGoneError) throw error;
    return { success: false, logs, error: reportOf(error) };
  }
  onProgress(COMPLETE);
  return { success: true, logs };
}

function errorOf({ id, status, error }: JobView): ErrorReport {
  if (error) {
    const { kind, message, remedy } = error;
    return { kind: kind as ErrorKind, message, ...(remedy ? { remedy } : {}) };
  }
  return { kind: 'unknown', message: `Job ${id} was ${status} by somebody.`, remedy: 'Call again to go on.' };
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.trimEnd().split('\n');
}
