import { detailsOf } from '../../jobs/view.ts';
import { showJobDetails } from '../schemas/details.ts';
import { lookUp } from './look-up.ts';

/** Everything that is known of a job but its words. */
export const jobDetails = lookUp('/api/jobs/:id/details', showJobDetails, ({ store, queue }, { params }) =>
  detailsOf({ ...queue, store }, params.id),
);
