/** How recordings come in. */
import type { SubmissionSettings } from '../jobs/submission.ts';

export interface Intake {
  /** What is done with a recording for which nothing was said. */
  defaults: SubmissionSettings;
  /** Most that one upload may have. */
  maxUploadBytes: number;
  /** How long an upload is kept that no job was made of. */
  uploadKeepMs: number;
}
