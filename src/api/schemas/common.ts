/** What the schemas of several resources are made of. */
import type {} from '@fastify/swagger';
import * as z from 'zod';
import { JOB_STATUSES } from '../../domain/job.ts';

/** The job that a path names. */
export const jobId = z.object({ id: z.coerce.number().int().positive().describe('Number of the job') });

/** A database takes no text with this character in it. */
const NUL = '\0';

/** Text from a client, up to so many characters. */
export function text(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => !value.includes(NUL), 'it must not hold the character NUL');
}

/** A moment in an answer. */
export const moment = z.iso.datetime().describe('ISO 8601, UTC');
export const count = z.int().min(0);
export const bytes = z.int().min(0).describe('Bytes');
export const seconds = z.number().describe('Seconds');
export const status = z.enum(JOB_STATUSES);

/** What went wrong with a job or a run. */
export const failure = z.strictObject({ kind: z.string(), message: z.string(), remedy: z.string().nullable() });

/** How many entries an answer has at most. */
export function limit(most: number, usual: number) {
  return z.coerce.number().int().min(1).max(most).default(usual).describe(`At most so many, 1 to ${most}`);
}

/** A number from a query, such as the mark behind which a page begins. */
export const after = z.coerce.number().int().min(0).default(0);

/** An answer that is not JSON. */
export function plain(mediaType: string, description: string) {
  return { description, content: { [mediaType]: { schema: z.string() } } };
}
