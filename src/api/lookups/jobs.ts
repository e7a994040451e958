/** Jobs in short. */
import { jobIds, listViews } from '../../jobs/list.ts';
import { usageOf } from '../../jobs/usage.ts';
import { summaryOf } from '../../jobs/view.ts';
import * as schemas from '../schemas/jobs.ts';
import { withMoments } from '../schemas/list.ts';
import { lookUp } from './look-up.ts';

export const jobs = lookUp('/api/jobs', schemas.listJobs, ({ store, queue }, { query, userId }) => {
  const { sort, limit, cursor, ...filter } = query;
  const meant = { ...withMoments(filter), userId: userId ?? undefined };
  return listViews({ ...queue, store }, meant, { sort, limit, cursor });
});

/** For whoever means all jobs of a state. */
export const idsOfJobs = lookUp('/api/job-ids', schemas.listJobIds, async ({ store }, { query, userId }) => ({
  ids: await jobIds(store, query.status, userId ?? undefined),
}));

export const job = lookUp('/api/jobs/:id', schemas.showJob, ({ store, queue }, { params }) =>
  summaryOf({ store, progressOf: queue.progressOf }, params.id),
);

/** What the last runs used, for plots. */
export const jobUsage = lookUp('/api/jobs/:id/usage', schemas.showJobUsage, ({ store }, { params }) =>
  usageOf(store, params.id),
);
