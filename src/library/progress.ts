import { PROGRESS_MARKS } from '../domain/stage.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import type { Notices } from './notices.ts';

/** Said once the text is written. */
export const COMPLETE: ProgressReport = {
  percent: PROGRESS_MARKS.complete.percent,
  stage: PROGRESS_MARKS.complete.words(),
};

/** The caller's `onProgress` as a function that never fails: what it throws, at once or later, is a notice. */
export function safely(
  onProgress: ((progress: ProgressReport) => unknown) | undefined,
  notices: Notices,
): (progress: ProgressReport) => void {
  if (!onProgress) return () => undefined;
  const threw = notices.failed('onProgress threw');
  return (progress) => {
    try {
      Promise.resolve(onProgress(progress)).catch(threw);
    } catch (error) {
      threw(error);
    }
  };
}
