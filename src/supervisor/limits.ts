/** What a job may use, and the sentences for what went over. */
import { byteSize } from '../domain/bytes.ts';
import type { ErrorReport } from '../domain/errors.ts';
import type { Usage } from './usage.ts';

/** Where nothing is set, no job is ended sooner. */
const LEAST_TIME_LIMIT_SECONDS = 1_800;
/** Where nothing is set: so many times longer than estimated is no longer slow, it is stuck. */
const ESTIMATE_FACTOR = 10;

/**
 * Seconds that a job may run.
 * @param settingSeconds the user's own limit, which then stands
 * @param estimateSeconds how long the job is expected to take, once that is known
 */
export function timeLimitSeconds({
  settingSeconds,
  estimateSeconds = 0,
}: {
  settingSeconds?: number;
  estimateSeconds?: number;
}): number {
  return settingSeconds ?? Math.max(LEAST_TIME_LIMIT_SECONDS, ESTIMATE_FACTOR * estimateSeconds);
}

/** The job ran for longer than it may. */
export function timeoutReport(limitSeconds: number): ErrorReport {
  return {
    kind: 'timeout',
    message: `Transcription timeout after ${inWords(limitSeconds)}`,
    remedy: 'What is done is kept. Set TRANSCRIPTION_TIMEOUT (seconds) higher, then go on with: longhand resume ID',
  };
}

/** The job's processes used more memory than they may. */
export function memoryReport({ limitBytes, peakBytes }: { limitBytes: number; peakBytes: number }): ErrorReport {
  return {
    kind: 'memory',
    message: `The transcription went over its memory limit of ${byteSize(limitBytes)} (peak ${byteSize(peakBytes)}).`,
    remedy: 'Use a smaller model or fewer processes, or set MAX_MEMORY_PER_TRANSCRIPTION higher.',
  };
}

/**
 * The kernel chose one of the job's processes when the host had no memory left.
 * @param what it ended, as it stands in a sentence: 'the runner'
 */
export function hostMemoryReport({ peakBytes, what }: { peakBytes?: number; what: string }): ErrorReport {
  const peak = peakBytes ? ` (peak ${byteSize(peakBytes)})` : '';
  return {
    kind: 'memory',
    message: `The computer ran out of memory, and its system ended ${what}${peak}.`,
    remedy: 'Close other programs, use a smaller model or fewer processes, or set MAX_CONCURRENT_TRANSCRIPTIONS lower.',
  };
}

export interface LimitWatchOptions {
  /** None where the kernel holds the limit. */
  memoryBytes?: number;
  /** Memory with shared pages counted once; asked only when the sum that counts them for each process is over. */
  exact(): number | undefined;
}

/** Compares the memory that a run uses with what it may use. */
export class LimitWatch {
  readonly #memoryBytes: number | undefined;
  readonly #exact: () => number | undefined;
  #peakBytes = 0;

  constructor({ memoryBytes, exact }: LimitWatchOptions) {
    this.#memoryBytes = memoryBytes;
    this.#exact = exact;
  }

  /** The most memory that was found in use; over the limit, shared pages are counted once. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Looks at a sample. @returns what is over the limit, if it is */
  check({ rssBytes }: Pick<Usage, 'rssBytes'>): ErrorReport | undefined {
    const limitBytes = this.#memoryBytes;
    const isOver = limitBytes !== undefined && rssBytes > limitBytes;
    const usedBytes = isOver ? (this.#exact() ?? rssBytes) : rssBytes;
    this.#peakBytes = Math.max(this.#peakBytes, usedBytes);
    if (limitBytes === undefined || usedBytes <= limitBytes) return undefined;
    return memoryReport({ limitBytes, peakBytes: this.#peakBytes });
  }
}

/** 1800 → `30 minutes`, 5400 → `90 minutes`, 7200 → `2 hours`, 95 → `95 seconds`, 3127 → `52 minutes 7 seconds`. */
function inWords(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole % 3600 === 0) return counted(whole / 3600, 'hour');
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  if (rest === 0) return counted(minutes, 'minute');
  return minutes < 2 ? counted(whole, 'second') : `${counted(minutes, 'minute')} ${counted(rest, 'second')}`;
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
