import { PROGRESS_MARKS, type ProgressMark, percentBetween } from '../domain/stage.ts';

/** A job that is not complete is never further than this. */
const HIGHEST_PERCENT = 99.9;

/** Where a job stands, for people. */
export interface ProgressReport {
  /** 0 to 100; 100 only when the job is complete. */
  percent: number;
  /** The stage in words, from `domain/stage.ts`. */
  stage: string;
  /** Committed chunks and all chunks, once the audio was cut. */
  chunk?: number;
  chunks?: number;
  /** Seconds of speech done per second, over all engine workers. */
  speed?: number;
  /** Seconds until the text is there. */
  secondsLeft?: number;
}

type Figures = Omit<ProgressReport, 'percent' | 'stage'>;

export interface ProgressMeterOptions {
  /** How the engine is called in words. */
  engineLabel: string;
  /** Per cent that earlier runs have reached. */
  reached?: number;
  /** What goes with every report. */
  figures?(): Figures;
  report(update: ProgressReport): void;
}

/**
 * Keeps a job's progress honest: it follows work really done between two marks, never goes back, also not when a new run
 * begins, and never says 100. Only the store says 100, when the job is complete.
 */
export class ProgressMeter {
  readonly #options: ProgressMeterOptions;
  #last: ProgressReport | undefined;
  #highest: number;

  constructor(options: ProgressMeterOptions) {
    this.#options = options;
    this.#highest = Math.min(HIGHEST_PERCENT, Math.max(0, options.reached ?? 0));
  }

  /** A stage begins. */
  at(mark: ProgressMark, more: Figures = {}): void {
    this.between(mark, mark, 0, more);
  }

  /** `done` (0 to 1) of the work between two marks is behind us. */
  between(from: ProgressMark, to: ProgressMark, done: number, more: Figures = {}): void {
    const { engineLabel } = this.#options;
    this.#highest = Math.min(HIGHEST_PERCENT, Math.max(this.#highest, percentBetween(from, to, done)));
    this.#last = { percent: this.#highest, stage: PROGRESS_MARKS[from].words(engineLabel), ...more };
    this.refresh();
  }

  /** Says the same again with the figures of now: what is left grows less also while no chunk ends. */
  refresh(): void {
    if (this.#last) this.#options.report({ ...this.#last, ...this.#options.figures?.() });
  }
}
