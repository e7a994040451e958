/** The steps of a job, in their order. */
export const STAGE_NAMES = ['download', 'prepare', 'transcribe', 'diarize', 'quotes', 'summary'] as const;
export type StageName = (typeof STAGE_NAMES)[number];

export const STAGE_STATUSES = ['not_started', 'processing', 'complete', 'error', 'skipped'] as const;
export type StageStatus = (typeof STAGE_STATUSES)[number];

/** Where the job stands, in words, and the per cent at which each begins. Between two marks progress follows the work done. */
export const PROGRESS_MARKS = {
  initializing: { percent: 0, words: () => 'Initializing...' },
  loading: { percent: 10, words: () => 'Loading audio file...' },
  model: { percent: 20, words: (engine: string) => `Preparing ${engine} model...` },
  starting: { percent: 30, words: () => 'Starting transcription...' },
  segments: { percent: 40, words: () => 'Processing audio segments...' },
  speakers: { percent: 60, words: () => 'Detecting speakers...' },
  finalizing: { percent: 80, words: () => 'Finalizing transcription...' },
  complete: { percent: 100, words: () => 'Complete' },
} as const;
export type ProgressMark = keyof typeof PROGRESS_MARKS;

/**
 * Per cent between two marks.
 * @param done share of the work between them that is done, 0 to 1; values outside are clipped
 */
export function percentBetween(from: ProgressMark, to: ProgressMark, done: number): number {
  const start = PROGRESS_MARKS[from].percent;
  const end = PROGRESS_MARKS[to].percent;
  return start + (end - start) * Math.min(1, Math.max(0, done));
}
