/** What can be done with a job. */
import { catalogue } from './catalogue.ts';

export const jobActionWords = catalogue({
  en: () => import('./job-actions.en.ts'),
  th: () => import('./job-actions.th.ts'),
});
