import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient } from '../../../src/api/client.ts';
import { Finding } from './finding.ts';
import { type OwnerEnd, OwnerProcess, type OwnerProgram } from './owner-process.ts';

/** An owner that was asked to end has 8 s for the chunks in flight and some more for what does not listen. */
const FAREWELL_MS = 60_000;
/** When all is over anyway. */
const LAST_FAREWELL_MS = 20_000;

export interface OwnerLifeOptions {
  program: OwnerProgram;
  env: NodeJS.ProcessEnv;
  /** It ended though nobody ended it. */
  onUnexpectedEnd(finding: Finding): void;
}

/** The owners of the data folder, one after another. */
export class OwnerLife {
  /** How many were killed. */
  deaths = 0;
  /** How far the time of day is off, for this owner and the next ones. */
  #clockOffsetMs = 0;
  #owner: OwnerProcess | undefined;
  #api: ApiClient | undefined;
  #mayEnd = true;
  readonly #options: OwnerLifeOptions;

  constructor(options: OwnerLifeOptions) {
    this.#options = options;
  }

  /** The way to the owner that lives. */
  get api(): ApiClient {
    if (!this.#api) throw new Error('There is no owner.');
    return this.#api;
  }

  /** What the present owner warned of. */
  get warnings(): readonly string[] {
    return this.#owner?.warnings ?? [];
  }

  /** Starts one and waits until it is ready. @throws LonghandError when it cannot own the folder */
  async start(): Promise<void> {
    const owner = this.#begin();
    const { socketPath } = await owner.ready;
    this.#api = new ApiClient(socketPath);
    this.#mayEnd = false;
    owner.ended.then((end) => {
      if (this.#owner === owner && !this.#mayEnd) this.#options.onUnexpectedEnd(unexpected(end));
    });
  }

  /** Starts one and kills it a moment later, most likely before it is ready. */
  async startAndKill(afterMs: number): Promise<void> {
    const owner = this.#begin();
    await pause(afterMs);
    this.deaths += 1;
    await owner.kill();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#mayEnd = true;
    this.deaths += 1;
    await this.#owner?.kill();
  }

  /** SIGTERM. @throws Finding when it does not end, or not well */
  async terminate(): Promise<void> {
    const owner = this.#owner;
    if (!owner) return;
    const end = await this.#endWithin(owner, FAREWELL_MS);
    if (!end) throw new Finding(`The owner did not end within ${FAREWELL_MS / 1000} s of SIGTERM.`);
    if (end.code !== 0)
      throw new Finding(`The owner ended with ${end.signal ?? end.code} after SIGTERM. ${end.stderr}`);
  }

  /** Ends it in any case, politely if it can be, so that it leaves nothing behind. */
  async end(): Promise<void> {
    if (this.#owner) await this.#endWithin(this.#owner, LAST_FAREWELL_MS);
  }

  /** @returns undefined when it had to be killed */
  async #endWithin(owner: OwnerProcess, patienceMs: number): Promise<OwnerEnd | undefined> {
    this.#mayEnd = true;
    const patience = new AbortController();
    const late = pause(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
    const end = await Promise.race([owner.terminate(), late]);
    patience.abort();
    if (!end) await owner.kill();
    return end;
  }

  /** Sets how far the time of day is off. */
  setClock(offsetMs: number): void {
    this.#clockOffsetMs = offsetMs;
    this.#owner?.setClock(offsetMs);
  }

  #begin(): OwnerProcess {
    const { program, env } = this.#options;
    this.#owner = new OwnerProcess(program, env, this.#clockOffsetMs);
    return this.#owner;
  }
}

function unexpected({ code, signal, stderr }: OwnerEnd): Finding {
  return new Finding(`The owner ended by itself with ${signal ?? code}. ${stderr}`);
}
