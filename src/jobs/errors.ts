import { UsageError } from '../domain/errors.ts';
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

/** That there is no such job, or not any more. */
export async function jobNotFound(store: Store, id: number): Promise<JobNotFoundError> {
  const [last] = await newestEvents(store, { jobId: id, limit: 1 });
  return new JobNotFoundError(id, { deleted: last?.type === 'deleted' });
}
