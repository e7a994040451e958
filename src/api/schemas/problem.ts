/** Errors, as RFC 9457 has them. */
import * as z from 'zod';
import { ERROR_KINDS } from '../../domain/errors.ts';
import type { Problem } from '../problem.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const problem = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.enum(ERROR_KINDS).describe('What it means for another try'),
    status: z.int().min(400).max(599),
    code: z.string().describe('Stable, for programs, such as job_not_found'),
    detail: z.string().describe('A sentence for people'),
    remedy: z.string().exactOptional().describe('What to do about it'),
  })
  .meta({ id: 'Problem' }) satisfies z.ZodType<Problem>;

const MEANINGS = {
  403: 'Not allowed to this caller',
  404: 'There is no such thing',
  409: 'Not in this state',
  410: 'It is not there any more',
  413: 'Too much at once',
  416: 'Of a range that it does not have',
  422: 'It was understood and cannot be done',
  502: 'Another server did not do its part',
  503: 'Not now',
  507: 'No space, or a file that cannot be read',
} as const;

/** The answers of a route that are errors, beyond those that every route may give (400, 401, 403, 413, 415, 429). */
export function problems<S extends keyof typeof MEANINGS>(...statuses: S[]) {
  const entries = statuses.map((code) => [
    code,
    { description: MEANINGS[code], content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } } },
  ]);
  // No handler answers with a problem; it throws.
  return Object.fromEntries(entries) as Record<never, never>;
}
