/**
 * Which errors are worth another try, how often, and when.
 *
 * What is counted here are tries after an error that a run reported. A runner that crashes and a chunk that fails go on
 * at once and are counted elsewhere; when they end a job, it is for good.
 */
import { duration } from './duration.ts';
import type { ErrorKind, ErrorReport } from './errors.ts';

export interface RetryPolicy {
  /** Further runs after errors of this kind, at most. */
  retries: number;
  /** Each further run takes the next smaller model; without one there is no further run. */
  takesSmallerModel?: true;
  /** No job can go on until there is space again. */
  pausesQueue?: true;
}

/** From the kind of an error to what follows from it. */
export const RETRY_POLICIES: Readonly<Record<ErrorKind, RetryPolicy>> = {
  memory: { retries: 2, takesSmallerModel: true },
  network: { retries: 3 },
  model: { retries: 1 },
  disk: { retries: 0, pausesQueue: true },
  // The same again would end the same way.
  input: { retries: 0 },
  timeout: { retries: 0 },
  usage: { retries: 0 },
  unknown: { retries: 0 },
  // These have had their three tries, without a wait between them.
  engine: { retries: 0 },
  crash: { retries: 0 },
};

const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 300_000;
/** So that jobs which failed together do not all come back together. */
const SPREAD = 0.1;

/**
 * Milliseconds before another run: 30 s, doubled with each retry, at most 300 s, give or take a tenth. The longest wait
 * is never exceeded, so there it is only taken from.
 * @param retriesInAll how many retries the job has had
 * @param dice a number from 0 up to 1, such as `Math.random`
 */
export function backoffMs(retriesInAll: number, dice: () => number): number {
  const nominalMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retriesInAll);
  const leastMs = nominalMs * (1 - SPREAD);
  const mostMs = Math.min(LONGEST_WAIT_MS, nominalMs * (1 + SPREAD));
  return Math.round(leastMs + (mostMs - leastMs) * dice());
}

export interface FailedRun {
  /** What went wrong; its message stands in what is said. */
  error: Pick<ErrorReport, 'kind' | 'message'>;
  /** Retries that the job has had after errors of this kind: `retriesOfKind`. */
  retriesOfKind: number;
  /** Retries that the job has had, whatever for: `retry_count` of its row. */
  retriesInAll: number;
  /** MAX_RETRY_ATTEMPTS: retries that a job may have in all. */
  maxRetries: number;
  /**
   * After a `memory` error: the next smaller model, or why there is none (`nextSmallerModel`, for Whisper); nothing for
   * an engine that has no smaller ones.
   */
  smaller?: { model: string } | { problem: string } | undefined;
  /** A number from 0 up to 1, such as `Math.random`. */
  dice: () => number;
}

export type RetryDecision =
  /** Another run after a wait. `words`: 'Retry 1/3 in 30 s: …'. */
  | { type: 'retry'; number: number; of: number; delayMs: number; smallerModel?: string; words: string }
  /** The job goes back to its place, and no job starts until there is space. */
  | { type: 'pause queue'; words: string }
  /** The job has failed. `words`: 'Failed after 2 retries: …', or the error alone when there was none. */
  | { type: 'fail'; words: string };

/** What becomes of a job whose run has failed. */
export function retryDecision(failed: FailedRun): RetryDecision {
  const { error, retriesInAll, dice } = failed;
  const policy = RETRY_POLICIES[error.kind];
  if (policy.pausesQueue) {
    return { type: 'pause queue', words: `The queue is paused and goes on when there is space: ${error.message}` };
  }
  const of = possibleRetries(failed, policy);
  const number = retriesInAll + 1;
  if (number > of) return { type: 'fail', words: failureWords(retriesInAll, error.message) };
  if (policy.takesSmallerModel && !(failed.smaller && 'model' in failed.smaller)) {
    const why = failed.smaller ? ` ${failed.smaller.problem}` : '';
    return { type: 'fail', words: failureWords(retriesInAll, error.message + why) };
  }
  const smallerModel =
    policy.takesSmallerModel && failed.smaller && 'model' in failed.smaller ? failed.smaller.model : undefined;
  const delayMs = backoffMs(retriesInAll, dice);
  const how = smallerModel === undefined ? '' : ` with the smaller model ${smallerModel}`;
  const words = `Retry ${number}/${of} in ${duration(delayMs / 1000)}${how}: ${error.message}`;
  return { type: 'retry', number, of, delayMs, ...(smallerModel === undefined ? {} : { smallerModel }), words };
}

/** Retries the job will have had when it goes on failing like this. */
function possibleRetries({ retriesInAll, retriesOfKind, maxRetries }: FailedRun, { retries }: RetryPolicy): number {
  return Math.min(maxRetries, retriesInAll + Math.max(0, retries - retriesOfKind));
}

function failureWords(retries: number, message: string): string {
  if (retries === 0) return message;
  return `Failed after ${retries} ${retries === 1 ? 'retry' : 'retries'}: ${message}`;
}

/**
 * How many of a job's retries were for this kind of error, from the rows of its runs.
 * @param earlierRuns the runs before the one that has just failed, the first first; other runs than failed ones may be
 *   among them
 * @param retriesInAll `retry_count` of the job: a person who starts it again sets it to 0, and older runs count no more
 */
export function retriesOfKind(
  kind: ErrorKind,
  earlierRuns: readonly { error_kind: ErrorKind | null }[],
  retriesInAll: number,
): number {
  const retried = earlierRuns.filter((run) => run.error_kind !== null && RETRY_POLICIES[run.error_kind].retries > 0);
  const counted = retried.slice(Math.max(0, retried.length - retriesInAll));
  return counted.filter((run) => run.error_kind === kind).length;
}
