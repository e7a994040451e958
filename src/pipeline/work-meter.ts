import { type LearnedSpeed, measuredFactor, remainingSeconds } from '../domain/estimate.ts';

/** Reading the committed chunks back and writing the text. */
const FINISH_SECONDS = 0.5;

/**
 * Measures a run: how fast its engine workers turn speech into text, and how long the rest will take. It begins with what
 * the owner has learned from earlier runs, and believes what it measures the more the more of it there is.
 */
export class WorkMeter {
  /** Milliseconds; only differences count. */
  readonly #wall: () => number;
  /** How many times longer work takes because of the jobs beside this one. */
  #slowdown = 1;
  /** Time as it would have passed with the machine to itself, up to when the slowdown last changed. */
  #aloneMs = 0;
  #changedAt: number;
  /** `startedAt` is time as it would have passed alone. */
  readonly #inFlight = new Map<number, { startedAt: number; wallStartedAt: number; audioSeconds: number }>();
  #learned: LearnedSpeed | undefined;
  #processes = 1;
  /** Undefined until something is known about the length. */
  #secondsLeft: number | undefined;
  /** Engine workers that have something to do; undefined until the audio was cut. */
  #lanes: number | undefined;
  /** Seconds of the chunks that nobody has begun with, by their numbers, in their order. */
  readonly #waiting = new Map<number, number>();
  #audioSeconds = 0;
  #workSeconds = 0;

  constructor(now: () => number) {
    this.#wall = now;
    this.#changedAt = now();
  }

  /** The jobs beside this one have changed: what was measured stays, the rest takes so many times longer than alone. */
  beside(slowdown: number): void {
    this.#aloneMs = this.#now();
    this.#changedAt = this.#wall();
    this.#slowdown = slowdown;
  }

  /** Time as it would have passed with the machine to itself. */
  #now(): number {
    return this.#aloneMs + (this.#wall() - this.#changedAt) / this.#slowdown;
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
    const audioSeconds = this.#waiting.get(chunk) ?? 0;
    this.#waiting.delete(chunk);
    this.#inFlight.set(chunk, { startedAt: this.#now(), wallStartedAt: this.#wall(), audioSeconds });
  }

  /** It has become text. */
  done(chunk: number, workMs: number): void {
    const { audioSeconds = 0, startedAt, wallStartedAt } = this.#inFlight.get(chunk) ?? {};
    this.#inFlight.delete(chunk);
    this.#audioSeconds += audioSeconds;
    this.#workSeconds += (workMs / 1000) * this.#shareSince(wallStartedAt, startedAt);
    this.#secondsLeft = Math.max(0, (this.#secondsLeft ?? 0) - audioSeconds);
  }

  /** It has not, and will be tried again. */
  failed(chunk: number): void {
    const audioSeconds = this.#inFlight.get(chunk)?.audioSeconds ?? 0;
    this.#inFlight.delete(chunk);
    this.#waiting.set(chunk, audioSeconds);
  }

  /** The share of the time since then that it would have taken alone. */
  #shareSince(wallStartedAt: number | undefined, startedAt: number | undefined): number {
    const passed = wallStartedAt === undefined ? 0 : this.#wall() - wallStartedAt;
    return passed > 0 && startedAt !== undefined ? (this.#now() - startedAt) / passed : 1 / this.#slowdown;
  }

  /** Seconds of speech per second with all engine workers at work; undefined before the first chunk of this run. */
  get speed(): number | undefined {
    const factor = this.#factorNow;
    return factor === undefined ? undefined : 1 / (factor * this.#slowdown);
  }

  /** Seconds until the text is there; undefined while nothing is known about the length. */
  get secondsLeft(): number | undefined {
    const factor = this.#factor;
    if (factor === undefined || this.#secondsLeft === undefined) return undefined;
    const work = this.#lanes === undefined ? this.#secondsLeft * factor : this.#lastLaneEnds(this.#lanes, factor);
    return work * this.#slowdown + FINISH_SECONDS;
  }

  /** Seconds of work for a second of speech: what was learned, and what this run has measured. */
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
   * Hands the chunks out as the engine pool will, the next one to whoever is done first. At the end of a short recording it
   * matters much who still works on what.
   */
  #lastLaneEnds(lanes: number, factor: number): number {
    const now = this.#now();
    const inOneLane = (audioSeconds: number) => audioSeconds * factor * lanes;
    const free = [...this.#inFlight.values()].map(({ startedAt, audioSeconds }) =>
      Math.max(0, inOneLane(audioSeconds) - Math.max(0, now - startedAt) / 1000),
    );
    while (free.length < lanes) free.push(0);
    for (const audioSeconds of this.#waiting.values()) {
      const first = free.indexOf(Math.min(...free));
      free[first] = (free[first] ?? 0) + inOneLane(audioSeconds);
    }
    return Math.max(...free);
  }
}
