import { LonghandError, UsageError } from '../domain/errors.ts';
import { newestEvents } from '../store/event-trail.ts';
import type { Store } from '../store/store.ts';

/** There is no job with that number. */
export class JobNotFoundError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'job_not_found';

  constructor(id: number, { deleted = false }: { deleted?: boolean } = {}) {
    super(
      deleted ? `Job ${id} was deleted.` : `There is no job ${id}.`,
      deleted ? `What is known of it: longhand audit --job ${id}` : 'See: longhand jobs',
    );
  }
}

/** The job is in a state in which this makes no sense. */
export class JobStateError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'job_state';
}

/** The transcript has no such version. */
export class VersionNotFoundError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'version_not_found';

  constructor(jobId: number, version: number, newest: number) {
    super(
      `The transcript of job ${jobId} has no version ${version}; the newest is ${newest}.`,
      `See: longhand versions ${jobId}`,
    );
  }
}

/** Somebody has saved a newer version meanwhile. */
export class VersionConflictError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'version_conflict';

  constructor(jobId: number, base: number, newest: number) {
    super(
      `The transcript of job ${jobId} is at version ${newest} by now; the change was made to version ${base}.`,
      `Look at version ${newest}, and make the change to that.`,
    );
  }
}

/** A file that holds a transcript is gone, or is not what was written. */
export class TranscriptDamagedError extends LonghandError {
  constructor(path: string, how: string) {
    super({
      kind: 'disk',
      message: `The transcript ${path} ${how}.`,
      remedy: 'Restore it from a backup, or transcribe the recording again.',
    });
  }
}

/** The queue is switched off and a job cannot start at once. */
export class QueueOffError extends LonghandError {
  readonly statusCode = 503;
  readonly code = 'queue_off';

  constructor(why: string) {
    super({
      kind: 'usage',
      message: `The recording was not accepted: ${why} The queue is switched off (TRANSCRIPTION_QUEUE_ENABLED=false).`,
      remedy: 'Try again when there is room, or switch the queue on.',
    });
  }
}

/** That there is no such job, or not any more. */
export async function jobNotFound(store: Store, id: number): Promise<JobNotFoundError> {
  const [last] = await newestEvents(store, { jobId: id, limit: 1 });
  return new JobNotFoundError(id, { deleted: last?.type === 'deleted' });
}
