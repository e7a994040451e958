import { resolve, sep } from 'node:path';
import type { OnLeave } from '../domain/job.ts';
import type { EngineName } from '../engines/engine.ts';
import type { JobParameters } from '../pipeline/order.ts';
import type { NotifyWish } from './notify-wish.ts';

/** A recording that is to be transcribed, with what was asked for. */
export interface Submission extends Omit<JobParameters, 'engine'> {
  /** The number that the job shall have. A job that has it already must be for the same recording, and is left as it is. */
  id?: number | undefined;
  /** Absolute path of the recording, as data: any characters. */
  path: string;
  engine: EngineName | 'auto';
  /** Makes a job of it even when the same recording is one already. */
  again?: boolean | undefined;
  /** It comes from a watched folder: it is recorded that this file, as it is now, was handed in. */
  watched?: boolean | undefined;
  /** The page that hands it in, and what becomes of the job when that is closed. */
  clientId?: string | undefined;
  onLeave?: OnLeave | undefined;
  /** Set for an upload: what its sender calls it, and the sha256 (hex) of what came. */
  upload?: { filename: string; sha256: string } | undefined;
  /** Whose job it is, once there are several users. Only jobs of the same user count as made before. */
  userId?: string | undefined;
  /** Higher goes first; 0 when not given. */
  priority?: number | undefined;
  /** Who is told when the job has ended, beside those who are told of every job. */
  notify?: NotifyWish | undefined;
}

/** The part of the settings that goes with a job and stays with it. */
export type SubmissionSettings = Omit<
  Submission,
  'path' | 'id' | 'again' | 'watched' | 'clientId' | 'onLeave' | 'upload' | 'userId' | 'priority' | 'notify'
>;

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

/** A model may be named by a file of the user's; the owner stands in another folder. */
export function modelAsGiven(model: string): string {
  return model.includes(sep) || model.endsWith('.bin') ? resolve(model) : model;
}
