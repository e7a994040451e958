import { auditTrail } from '../../jobs/audit.ts';
import { showAudit } from '../schemas/service.ts';
import { lookUp } from './look-up.ts';

/** Every change of every job and of the queue: who, what, why. Jobs that are deleted are among them. */
export const audit = lookUp('/api/audit', showAudit, async ({ store }, { query: { job, since, limit }, userId }) => ({
  events: await auditTrail(store, {
    jobId: job,
    since: since === undefined ? undefined : Date.parse(since),
    limit,
    userId,
  }),
}));
