/** What pages say of themselves, wherever they say it. */
import * as z from 'zod';
import { ON_LEAVE } from '../../domain/job.ts';

/** The name that a page gives itself: random, and the same as long as it is open. */
const clientId = z.string().regex(/^[\w-]{1,64}$/, 'it must be 1 to 64 letters, digits, "-" or "_"');

/** Of a new job. */
export const pageFields = { clientId: clientId.optional(), onLeave: z.enum(ON_LEAVE).optional() };

/** Of a stream. */
export const streamFields = { clientId: clientId.optional() };

const MOST_JOBS = 1000;

/** Numbers of jobs, with commas between them. */
export const jobList = z
  .string()
  .regex(/^\d{1,16}(,\d{1,16})*$/, 'it must be numbers of jobs with commas between them')
  .transform((text) => [...new Set(text.split(',').map(Number))])
  .pipe(z.array(z.int().positive()).max(MOST_JOBS));
