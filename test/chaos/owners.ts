/** Real owners for tests, each in a process of its own, asked over their sockets. */
import { onTestFinished } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import { isAtRest } from '../../src/domain/job.ts';
import type { Submission } from '../../src/jobs/submission.ts';
import type { JobDetails } from '../../src/jobs/view.ts';
import type { News } from '../../src/supervisor/news.ts';
import type { Home } from '../support/cli.ts';
import { newsOf } from '../support/news.ts';
import { buildOwnerProgram, OwnerProcess, type OwnerProgram } from './run/owner-process.ts';

/** A started owner. */
export interface Owned {
  process: OwnerProcess;
  api: ApiClient;
  /** Jobs that it found left behind when it started. */
  recovered: number[];
}

let program: Promise<OwnerProgram> | undefined;

/** Removes what `startOwnerOf` made; to be called after all tests of a file. */
export async function removeOwnerProgram(): Promise<void> {
  const made = program;
  program = undefined;
  (await made)?.remove();
}

/** Starts the owner of a home's data folder. It is ended with the test. */
export async function startOwnerOf(home: Home, env: NodeJS.ProcessEnv = {}): Promise<Owned> {
  program ??= buildOwnerProgram();
  const process = new OwnerProcess(await program, { ...home.env, ...env });
  onTestFinished(async () => {
    await process.kill();
  });
  const { socketPath, recovered } = await process.ready;
  return { process, api: new ApiClient(socketPath), recovered };
}

/** A recording as a job with chunks of two seconds and one engine worker. */
export function submissionOf(path: string): Submission {
  return {
    path,
    engine: 'pocketsphinx',
    model: 'auto',
    language: 'auto',
    processes: 1,
    workers: 1,
    preprocessWorkers: 1,
    chunkDurationSeconds: 2,
    overlapSeconds: 0,
    again: true,
  };
}

/** Hands a recording in. @returns the job's number */
export async function submit(api: ApiClient, path: string): Promise<number> {
  return (await api.post<{ id: number }>('/api/jobs', submissionOf(path))).id;
}

export async function detailsOf(api: ApiClient, jobId: number): Promise<JobDetails> {
  return await api.get<JobDetails>(`/api/jobs/${jobId}/details`);
}

/** Waits for news of a job that is as it should be. */
export async function untilNews(api: ApiClient, jobId: number, isIt: (news: News) => boolean): Promise<void> {
  const enough = new AbortController();
  for await (const { data } of api.events(`/api/jobs/${jobId}/events`, enough.signal)) {
    const news = newsOf(data);
    if (news && isIt(news)) return enough.abort();
  }
  throw new Error(`The news of job ${jobId} ended before it came.`);
}

/** Waits until a line of a job's log is told that matches. */
export function untilSaid(api: ApiClient, jobId: number, line: RegExp): Promise<void> {
  return untilNews(api, jobId, (news) => news.type === 'log' && line.test(news.message));
}

/** Waits until a job rests. */
export async function untilAtRest(api: ApiClient, jobId: number): Promise<JobDetails> {
  await untilNews(api, jobId, (news) => news.type === 'state' && isAtRest(news.status));
  return await detailsOf(api, jobId);
}
