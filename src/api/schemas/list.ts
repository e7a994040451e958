/** How lists of jobs are asked for. */
import * as z from 'zod';
import { JOB_STATUSES } from '../../domain/job.ts';
import { JOB_SORTS } from '../../jobs/list.ts';
import { limit, text } from './common.ts';

const date = z.iso.datetime({ offset: true });

const statuses = z
  .union([z.string().max(200), z.array(z.string().max(20)).max(20)])
  .transform((given) => (typeof given === 'string' ? given.split(',') : given))
  .pipe(z.array(z.enum(JOB_STATUSES)).min(1))
  .describe(`One or several of ${JOB_STATUSES.join(', ')}, with commas between them`);

/** Which jobs are meant. */
export const filter = {
  status: statuses.optional(),
  q: text(200).optional().describe('Text that is in the name or in the transcript; case does not matter'),
  from: date.optional().describe('Created at this moment or later'),
  to: date.optional().describe('Created before this moment'),
  engine: text(100).optional(),
  model: text(4096).optional(),
  language: text(100).optional(),
  minSeconds: z.coerce.number().min(0).optional().describe('Length of the recording, at least'),
  maxSeconds: z.coerce.number().min(0).optional().describe('Length of the recording, at most'),
};

export const list = z.object({
  ...filter,
  sort: z.enum(JOB_SORTS).default('newest'),
  limit: limit(1000, 100),
  cursor: text(2000).optional().describe('nextCursor of the page before'),
});

type Dates = { from?: string | undefined; to?: string | undefined };

/** With its moments as the store has them, in milliseconds since the epoch. */
export function withMoments<T extends Dates>({ from, to, ...rest }: T) {
  return {
    ...rest,
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
  };
}
