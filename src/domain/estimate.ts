/**
 * How long work takes: learnt from runs, corrected by the run that goes on, and laid out over the queue.
 *
 * A speed is told as a factor: seconds that pass for each second of recording, with all engine workers of a job at work.
 * Factors belong to one machine, engine, model and number of threads; the caller picks the runs that match. They are
 * compared and averaged as ratios (by their logarithms), since twice as slow and twice as fast are the same mistake.
 */
import type { WorkCalendar } from './quiet-hours.ts';

/** Recording that became text, and the time it took. */
export interface SpeedSample {
  /** Silence that no engine heard does not count. */
  audioSeconds: number;
  /**
   * Of a chunk: its `work_ms`. Of a run: the sum of its chunks' `work_ms` divided by its engine workers. The time on the
   * wall has in it what `remainingSeconds` adds by itself: start-up, and lanes that wait for the last chunk.
   */
  workSeconds: number;
}

/** A factor, and how much is known about it. */
export interface LearnedSpeed {
  factor: number;
  /** About how many recent long runs it rests on; 0 for a mere guess. */
  weight: number;
}

/** Median absolute deviation to standard deviation, for values that are normally distributed: 1 / Φ⁻¹(3/4). */
const MAD_TO_SIGMA = 1.4826;
/** What lies further from the median than this is an outlier (Hampel, 'The influence curve', JASA 69, 1974). */
const OUTLIER_SIGMAS = 3;
/** Older runs do not count: when a machine has changed for good, the runs since are outliers until they are the majority. */
export const RECENT_RUNS = 15;
/** A run counts half as much as the one so many runs after it. */
const HALF_LIFE_RUNS = 5;
/** A run of so much audio counts half: short ones measure the start-up. */
const HALF_TRUST_SECONDS = 30;
/** The guess counts as much as a quarter of a run, so that one real run outweighs it. */
const SEED_WEIGHT = 0.25;

/*
 * How soon a run's own speed counts as much as what was known before it, in seconds of audio: after a chunk against a
 * guess, after a few against what many runs have confirmed. Where chunks vary by 15 to 20 % and whole runs by 5 to 15 %
 * this is about the best there is, and half or twice as much is hardly worse (test/domain/estimate.test.ts).
 */
const GUESS_SECONDS = 5;
const CONFIRMED_SECONDS = 80;

/**
 * The mean of what is left when outliers are gone: values further from the median than three scaled median absolute
 * deviations.
 * @param weights one for each value; 1 each by default
 * @returns undefined for no values
 */
export function robustMean(
  values: readonly number[],
  weights: readonly number[] = values.map(() => 1),
): number | undefined {
  if (values.length === 0) return undefined;
  const center = median(values);
  const reach = OUTLIER_SIGMAS * MAD_TO_SIGMA * median(values.map((value) => Math.abs(value - center)));
  let [sum, weightSum] = [0, 0];
  for (const [index, value] of values.entries()) {
    const weight = weights[index] ?? 0;
    if (Math.abs(value - center) > reach) continue;
    sum += weight * value;
    weightSum += weight;
  }
  return weightSum > 0 ? sum / weightSum : center;
}

/**
 * The speed to expect, from runs of the same machine, engine, model and threads. Later and longer runs count more,
 * outliers do not count, and few runs are drawn towards the guess.
 * @param samples the oldest first; the last `RECENT_RUNS` of those with audio and time count
 * @param seed the factor to guess before anything was measured (`Engine.seedRealtimeFactor`)
 */
export function learnedFactor(samples: readonly SpeedSample[], seed: number): LearnedSpeed {
  const real = samples
    .filter(({ audioSeconds, workSeconds }) => audioSeconds > 0 && workSeconds > 0)
    .slice(-RECENT_RUNS);
  const weights = real.map(({ audioSeconds }, index) => {
    const age = real.length - 1 - index;
    return (0.5 ** (age / HALF_LIFE_RUNS) * audioSeconds) / (audioSeconds + HALF_TRUST_SECONDS);
  });
  const ratios = real.map(({ audioSeconds, workSeconds }) => Math.log(workSeconds / audioSeconds));
  const weight = weights.reduce((sum, each) => sum + each, 0);
  const measured = robustMean(ratios, weights) ?? 0;
  return { factor: Math.exp((weight * measured + SEED_WEIGHT * Math.log(seed)) / (weight + SEED_WEIGHT)), weight };
}

/**
 * The factor of a run that goes on, from the chunks it has finished. It does not depend on chunks in flight, as the time
 * since the start would.
 * @param chunks audio of each and the time one engine worker took for it (`work_ms`)
 * @param lanes engine workers side by side
 * @returns undefined before the first chunk
 */
export function measuredFactor(chunks: readonly SpeedSample[], lanes: number): number | undefined {
  const audioSeconds = chunks.reduce((sum, chunk) => sum + chunk.audioSeconds, 0);
  const workSeconds = chunks.reduce((sum, chunk) => sum + chunk.workSeconds, 0);
  return audioSeconds > 0 && workSeconds > 0 ? workSeconds / audioSeconds / lanes : undefined;
}

export interface WorkLeft {
  /** Speech that is not committed yet; chunks in flight count whole. */
  audioSecondsLeft: number;
  learned: LearnedSpeed;
  /** Speech that this run has committed. */
  audioSecondsDone?: number;
  /** `measuredFactor` of this run. */
  factorNow?: number | undefined;
  /** Engine workers side by side. */
  lanes?: number;
  /** A chunk's usual length: at the end some lanes have nothing left while the last one finishes its chunk. */
  chunkSeconds?: number;
  /** Time already spent on chunks in flight, all lanes together. */
  inFlightSeconds?: number;
  /** Everything that does not grow with what is left: loading the model, writing the text. */
  fixedSeconds?: number;
}

/**
 * Seconds until the text is there, for a job that runs and for one that waits. What this run has measured counts the more
 * the more of it there is, and the sooner the less was known before.
 */
export function remainingSeconds(left: WorkLeft): number {
  const { audioSecondsLeft, lanes = 1, chunkSeconds = 0, inFlightSeconds = 0, fixedSeconds = 0 } = left;
  if (audioSecondsLeft <= 0) return fixedSeconds;
  const factor = blendedFactor(left);
  const work = Math.max(0, audioSecondsLeft * factor - inFlightSeconds / lanes);
  // With all but one lane idle for half a chunk on average; a chunk takes a single lane `lanes` times the factor.
  const tail = (Math.min(chunkSeconds, audioSecondsLeft) * factor * (lanes - 1)) / 2;
  return work + tail + fixedSeconds;
}

function blendedFactor({ learned, factorNow, audioSecondsDone = 0 }: WorkLeft): number {
  if (factorNow === undefined || audioSecondsDone <= 0) return learned.factor;
  const priorSeconds = GUESS_SECONDS + (CONFIRMED_SECONDS * learned.weight) / (learned.weight + 1);
  const share = audioSecondsDone / (audioSecondsDone + priorSeconds);
  return Math.exp(share * Math.log(factorNow) + (1 - share) * Math.log(learned.factor));
}

/**
 * How much longer each job takes when several run at once on the same cores: none while there are cores enough, then in
 * proportion. A model, for want of a measurement.
 * @param coresPerJob cores that one job keeps busy when it runs alone
 */
export function slowdownOnCores(cores: number, coresPerJob: number): (running: number) => number {
  return (running) => Math.max(1, (running * coresPerJob) / cores);
}

export interface QueueOutlook<Id> {
  /** Jobs at once, at least 1. */
  concurrency: number;
  /** Seconds of work that are left, as if each job had the machine to itself. */
  running: readonly { id: Id; secondsLeft: number }[];
  /** In the order of the queue; seconds of work as if each job had the machine to itself. */
  waiting: readonly { id: Id; seconds: number }[];
  /** How many times longer a job takes when so many run at once; 1 by default, whatever the number. */
  slowdown?: (running: number) => number;
  /** When work goes on, where there are quiet hours (`workCalendar`). */
  calendar?: WorkCalendar;
}

export interface JobOutlook {
  startsInSeconds: number;
  endsInSeconds: number;
}

export interface QueueForecast<Id> {
  /** All jobs, in the order in which they end. */
  jobs: Map<Id, JobOutlook>;
  /** When the last one ends; 0 for an empty queue. */
  endsInSeconds: number;
}

const ALWAYS: WorkCalendar = { startsInSeconds: (worked) => worked, endsInSeconds: (worked) => worked };

/**
 * When each job starts and ends if every estimate is right: whenever fewer than `concurrency` jobs run, the next one in
 * the queue starts. Memory that holds a job back and waits before retries are left out. O(n log c) comparisons.
 *
 * All running jobs are slowed down alike, so it is reckoned in the time that each of them would have alone: there a job's
 * end is known when it starts, and stays.
 */
export function queueForecast<Id>(outlook: QueueOutlook<Id>): QueueForecast<Id> {
  const { concurrency, running, waiting, slowdown = () => 1, calendar = ALWAYS } = outlook;
  const jobs = new Map<Id, JobOutlook>();
  const active = new ByEnd<Id>();
  for (const { id, secondsLeft } of running) active.add({ id, endsAt: Math.max(0, secondsLeft), startsInSeconds: 0 });
  let aloneSeconds = 0;
  let workedSeconds = 0;
  let endsInSeconds = 0;
  let next = 0;
  for (;;) {
    for (; active.size < concurrency && next < waiting.length; next += 1) {
      const { id, seconds } = waiting[next] as { id: Id; seconds: number };
      const startsInSeconds = calendar.startsInSeconds(workedSeconds);
      active.add({ id, endsAt: aloneSeconds + Math.max(0, seconds), startsInSeconds });
    }
    const atOnce = active.size;
    const first = active.takeFirst();
    if (!first) return { jobs, endsInSeconds };
    workedSeconds += (first.endsAt - aloneSeconds) * slowdown(atOnce);
    aloneSeconds = first.endsAt;
    // A job without work left ends when it begins, also where that is behind closed hours.
    endsInSeconds = Math.max(first.startsInSeconds, calendar.endsInSeconds(workedSeconds));
    jobs.set(first.id, { startsInSeconds: first.startsInSeconds, endsInSeconds });
  }
}

interface Active<Id> {
  id: Id;
  endsAt: number;
  startsInSeconds: number;
}

/** Running jobs, the last to end first: there are few, and taking the next one off the end moves nothing. */
class ByEnd<Id> {
  readonly #jobs: Active<Id>[] = [];

  get size(): number {
    return this.#jobs.length;
  }

  add(job: Active<Id>): void {
    let [low, high] = [0, this.#jobs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#jobs[middle] as Active<Id>).endsAt > job.endsAt) low = middle + 1;
      else high = middle;
    }
    this.#jobs.splice(low, 0, job);
  }

  takeFirst(): Active<Id> | undefined {
    return this.#jobs.pop();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
