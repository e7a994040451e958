import { type CoreLoad, slowdownUnder } from '../domain/contention.ts';
import { type LearnedSpeed, measuredFactor, remainingSeconds } from '../domain/estimate.ts';

/** Reading the committed chunks back and writing the text. */
const FINISH_SECONDS = 0.2;

interface Begun {
  audioSeconds: number;
  /** Milliseconds of undisturbed work, and of the clock on the wall, when it began. */
  undisturbedMs: number;
  wallMs: number;
}

/**
 * Measures a run: how fast its engine workers turn speech into text, and how long the rest will take. It begins with what
 * the owner has learned from earlier runs, and believes what it measures the more the more of it there is.
 *
 * All of it is reckoned in time as it would pass if each engine worker had its cores to itself. How fast that time goes
 * depends on how many engine workers are busy, here and in the jobs beside this one.
 */
export class WorkMeter {
  /** Milliseconds; only differences count. */
  readonly #wall: () => number;
  #load: CoreLoad = { cores: 1, perWorker: 0, beside: [] };
  /** Milliseconds of undisturbed work up to `#lookedAt`. */
  #undisturbedMs = 0;
  #lookedAt: number;
  readonly #inFlight = new Map<number, Begun>();
  #learned: LearnedSpeed | undefined;
  #processes = 1;
  /** Undefined until something is known about the length. */
  #secondsLeft: number | undefined;
  /** Engine workers that have something to do; undefined until the audio was cut. */
  #lanes: number | undefined;
  /** Seconds of the chunks that nobody has begun with, by their numbers, in their order. */
  readonly #waiting = new Map<number, number>();
  #audioSeconds = 0;
  /** Undisturbed. */
  #workSeconds = 0;
  #wallSeconds = 0;

  constructor(now: () => number) {
    this.#wall = now;
    this.#lookedAt = now();
  }

  /** How the cores are shared. */
  share(load: CoreLoad): void {
    this.#look();
    this.#load = load;
  }

  /** The jobs beside this one have changed; so many cores does each of them keep busy. */
  beside(cores: readonly number[]): void {
    this.share({ ...this.#load, beside: cores });
  }

  /** Milliseconds of undisturbed work up to now. To be asked before anything changes that it depends on. */
  #look(): number {
    const now = this.#wall();
    this.#undisturbedMs += Math.max(0, now - this.#lookedAt) / slowdownUnder(this.#load, this.#inFlight.size);
    this.#lookedAt = now;
    return this.#undisturbedMs;
  }

  /**
   * The speed to expect of engine and model with all engine workers at work and the machine to itself.
   * @param processes engine workers side by side
   */
  expect(learned: LearnedSpeed, processes: number): void {
    this.#learned = learned;
    this.#processes = processes;
  }

  /**
   * What this run has before it.
   * @param speechSeconds speech that is not committed; before the audio was cut, the length of the recording
   * @param chunks once it was cut: what there is to do, in its order
   */
  ahead(speechSeconds: number, chunks?: readonly { number: number; seconds: number }[]): void {
    this.#secondsLeft = speechSeconds;
    if (!chunks) return;
    this.#lanes = Math.max(1, Math.min(this.#processes, chunks.length));
    for (const { number, seconds } of chunks) this.#waiting.set(number, seconds);
  }

  /** An engine worker begins with a chunk. */
  began(chunk: number): void {
    const undisturbedMs = this.#look();
    const audioSeconds = this.#waiting.get(chunk) ?? 0;
    this.#waiting.delete(chunk);
    this.#inFlight.set(chunk, { audioSeconds, undisturbedMs, wallMs: this.#wall() });
  }

  /**
   * It has become text.
   * @param workMs by the clock on the wall; what passed since then, while it was committed, is not its work
   */
  done(chunk: number, workMs: number): void {
    const begun = this.#ended(chunk);
    if (!begun) return;
    const { audioSeconds, undisturbedMs, wallMs } = begun;
    const passedMs = this.#wall() - wallMs;
    const share = passedMs > 0 ? (this.#undisturbedMs - undisturbedMs) / passedMs : 1;
    this.#audioSeconds += audioSeconds;
    this.#workSeconds += (workMs / 1000) * share;
    this.#wallSeconds += workMs / 1000;
    this.#secondsLeft = Math.max(0, (this.#secondsLeft ?? 0) - audioSeconds);
  }

  /** It has not, and will be tried again. */
  failed(chunk: number): void {
    this.#waiting.set(chunk, this.#ended(chunk)?.audioSeconds ?? 0);
  }

  #ended(chunk: number): Begun | undefined {
    this.#look();
    const begun = this.#inFlight.get(chunk);
    this.#inFlight.delete(chunk);
    return begun;
  }

  /** Seconds of speech per second with all engine workers at work, beside what else works; undefined before the first chunk. */
  get speed(): number | undefined {
    const factor = measuredFactor(
      [{ audioSeconds: this.#audioSeconds, workSeconds: this.#wallSeconds }],
      this.#lanes ?? this.#processes,
    );
    return factor === undefined ? undefined : 1 / factor;
  }

  /** Seconds until the text is there; undefined while nothing is known about the length. */
  get secondsLeft(): number | undefined {
    const factor = this.#factor;
    if (factor === undefined || this.#secondsLeft === undefined) return undefined;
    if (this.#lanes !== undefined) return this.#lastLaneEnds(this.#lanes, factor) + FINISH_SECONDS;
    return this.#secondsLeft * factor * slowdownUnder(this.#load, this.#processes) + FINISH_SECONDS;
  }

  /** Undisturbed seconds of work for a second of speech: what was learned, and what this run has measured. */
  get #factor(): number | undefined {
    const learned = this.#learned;
    if (!learned) return undefined;
    return remainingSeconds({
      audioSecondsLeft: 1,
      // What was learned is with all engine workers at work; a short job does not keep all of them busy.
      learned: { ...learned, factor: (learned.factor * this.#processes) / (this.#lanes ?? this.#processes) },
      audioSecondsDone: this.#audioSeconds,
      factorNow: this.#factorNow,
    });
  }

  get #factorNow(): number | undefined {
    const { audioSeconds, workSeconds } = { audioSeconds: this.#audioSeconds, workSeconds: this.#workSeconds };
    return measuredFactor([{ audioSeconds, workSeconds }], this.#lanes ?? this.#processes);
  }

  /**
   * Hands the chunks out as the engine pool will, the next one to whoever is done first. Towards the end fewer engine workers
   * are busy, and each of them is faster for it.
   */
  #lastLaneEnds(lanes: number, factor: number): number {
    const now = this.#look();
    const inOneLane = (audioSeconds: number) => audioSeconds * factor * lanes;
    const busy = [...this.#inFlight.values()].map(({ undisturbedMs, audioSeconds }) =>
      Math.max(0, inOneLane(audioSeconds) - (now - undisturbedMs) / 1000),
    );
    const waiting = [...this.#waiting.values()].map(inOneLane);
    let seconds = 0;
    for (let next = 0; ; ) {
      while (busy.length < lanes && next < waiting.length) {
        busy.push(waiting[next] as number);
        next += 1;
      }
      if (busy.length === 0) return seconds;
      const first = Math.min(...busy);
      seconds += first * slowdownUnder(this.#load, busy.length);
      for (const [lane, left] of busy.entries()) busy[lane] = left - first;
      busy.splice(busy.indexOf(0), 1);
    }
  }
}
