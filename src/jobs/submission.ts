import type { EngineName } from '../engines/engine.ts';
import type { JobParameters } from '../pipeline/order.ts';

/** A recording that is to be transcribed, with what was asked for. */
export interface Submission extends Omit<JobParameters, 'engine'> {
  /** The number that the job shall have. A job that has it already must be for the same recording, and is left as it is. */
  id?: number | undefined;
  /** Absolute path of the recording, as data: any characters. */
  path: string;
  engine: EngineName | 'auto';
}

/** The part of the settings that goes with a job and stays with it. */
export type SubmissionSettings = Omit<Submission, 'path' | 'id'>;

/** A recording with what the settings say today. */
export function submissionOf(path: string, settings: SubmissionSettings): Submission {
  return {
    path,
    engine: settings.engine,
    model: settings.model,
    language: settings.language,
    processes: settings.processes,
    workers: settings.workers,
    preprocessWorkers: settings.preprocessWorkers,
    chunkDurationSeconds: settings.chunkDurationSeconds,
    overlapSeconds: settings.overlapSeconds,
    chunkTimeoutSeconds: settings.chunkTimeoutSeconds,
  };
}
