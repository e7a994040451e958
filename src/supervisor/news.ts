import type { JobStatus } from '../domain/job.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { ProgressReport } from '../pipeline/progress.ts';

/** What those who watch a job are told. News may be lost; the store and the log hold the truth. */
export type News =
  | { type: 'progress'; jobId: number; progress: ProgressReport }
  | { type: 'log'; jobId: number; level: LogLevel; message: string }
  /** More can be read from the job's log. */
  | { type: 'logged'; jobId: number }
  | { type: 'state'; jobId: number; status: JobStatus };

export type Tell = (news: News) => void;
