import { UsageError } from '../domain/errors.ts';

/** There is no job with that number. */
export class JobNotFoundError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'job_not_found';

  constructor(id: number) {
    super(`There is no job ${id}.`, 'See: longhand jobs');
  }
}

/** The job is in a state in which this makes no sense. */
export class JobStateError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'job_state';
}
