import type { JobStatus } from '../domain/job.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { ProgressReport } from '../pipeline/progress.ts';

/** What those who watch a job are told. News may be lost; the store and the log hold the truth. */
export type News =
  | { type: 'progress'; jobId: number; progress: ProgressReport }
  | { type: 'log'; jobId: number; level: LogLevel; message: string }
  /** How long the recording is, found while the job waits. */
  | { type: 'length'; jobId: number; seconds: number }
  /** More can be read from the job's log. */
  | { type: 'logged'; jobId: number }
  | { type: 'state'; jobId: number; status: JobStatus; pausedBy?: string | null }
  /** Why it does not run yet, beyond that others come first. */
  | { type: 'waiting'; jobId: number; why: string };

export type Tell = (news: News) => void;
