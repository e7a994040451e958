/** Words that several parts of the page use. */
import type { JobStatus } from '../api-types.ts';

export default {
  status: {
    pending: 'Waiting',
    processing: 'Working',
    retrying: 'Trying again',
    paused: 'Paused',
    completed: 'Done',
    failed: 'Failed',
    cancelled: 'Cancelled',
  } satisfies Record<JobStatus, string>,
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  more: 'More',
  loading: 'Loading …',
  unreachable: 'Longhand does not answer.',
  unreachableRemedy: 'It may be restarting; this is tried again by itself.',
};
