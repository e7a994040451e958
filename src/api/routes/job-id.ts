import { z } from 'zod';

/** The job that a path names. */
export const jobId = z.object({ id: z.coerce.number().int().positive() });
