import { PROGRESS_MARKS, type ProgressMark, percentBetween } from '../domain/stage.ts';

/** Where a job stands, for people. */
export interface ProgressReport {
  /** 0 to 100; 100 only when the job is complete. */
  percent: number;
  /** The stage in words, from `domain/stage.ts`. */
  stage: string;
  /** Committed chunks and all chunks, once the audio was cut. */
  chunk?: number;
  chunks?: number;
  /** Seconds of recording done per second of work. */
  speed?: number;
  /** Seconds until the text is there. */
  secondsLeft?: number;
}

type Figures = Omit<ProgressReport, 'percent' | 'stage'>;

/**
 * Keeps a job's progress honest: it follows work really done between two marks, never goes back, and never says 100.
 * Only the store says 100, when the job is complete.
 */
export class ProgressMeter {
  #highest = 0;
  readonly #engineLabel: string;
  readonly #report: (update: ProgressReport) => void;

  constructor(engineLabel: string, report: (update: ProgressReport) => void) {
    this.#engineLabel = engineLabel;
    this.#report = report;
  }

  /** A stage begins. */
  at(mark: ProgressMark, more: Figures = {}): void {
    this.between(mark, mark, 0, more);
  }

  /** `done` (0 to 1) of the work between two marks is behind us. */
  between(from: ProgressMark, to: ProgressMark, done: number, more: Figures = {}): void {
    const percent = Math.min(99.9, Math.max(this.#highest, percentBetween(from, to, done)));
    this.#highest = percent;
    this.#report({ percent, stage: PROGRESS_MARKS[from].words(this.#engineLabel), ...more });
  }
}

/** Measures how fast speech becomes text over several engine workers, from committed chunks of this run. */
export class SpeedMeter {
  readonly #now: () => number;
  #startedAt: number | undefined;
  #seconds = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  start(): void {
    this.#startedAt ??= this.#now();
  }

  /** `seconds` of audio became text. */
  add(seconds: number): void {
    this.start();
    this.#seconds += seconds;
  }

  /** Seconds of audio per second of wall time, or undefined before anything was done. */
  get speed(): number | undefined {
    if (this.#startedAt === undefined || this.#seconds === 0) return undefined;
    const elapsed = (this.#now() - this.#startedAt) / 1000;
    return elapsed > 0 ? this.#seconds / elapsed : undefined;
  }
}
