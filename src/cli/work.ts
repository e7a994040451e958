/**
 * Sees jobs through to their end, whoever does the work.
 *
 * This process becomes the owner of the data folder and works, or hands its jobs to the one that is and follows them.
 * When that one ends (its user pressed Ctrl-C, it was killed), this process takes the ownership over and goes on.
 * The first Ctrl-C stops its jobs at their checkpoints, a second one ends them at once.
 */
import { type ApiClient, OwnerGoneError } from '../api/client.ts';
import type { Config } from '../config/schema.ts';
import { LonghandError } from '../domain/errors.ts';
import { isAtRest } from '../domain/job.ts';
import type { JobView } from '../jobs/view.ts';
import type { OwnerProcess } from '../session/owner-process.ts';
import type { Session } from '../session/session.ts';
import type { News } from '../supervisor/news.ts';
import { type Interruption, onInterrupt } from './interrupt.ts';
import { say } from './output.ts';
import { type ProgressDisplay, progressDisplay } from './progress-display.ts';
import { openSession } from './session.ts';
import { EXIT, type Shell } from './shell.ts';

/** A job that is to be seen through. */
export interface Task {
  /** Hands it in, or finds it, and announces it. Called once. @returns the job's id */
  begin(api: ApiClient): Promise<number>;
}

export interface WorkOptions {
  /** Called for each job that came to rest, in the order of the tasks. */
  onResult(job: JobView, api: ApiClient): Promise<void>;
  /** Sentence for the user who stopped before the end. */
  onStopped(ids: number[]): void;
}

/** @returns the exit code */
export async function seeThrough(
  shell: Shell,
  config: Config,
  tasks: readonly Task[],
  options: WorkOptions,
): Promise<number> {
  const work = new Work(shell, config, tasks, options);
  return await work.run();
}

class Work {
  readonly #shell: Shell;
  readonly #config: Config;
  readonly #tasks: readonly Task[];
  readonly #options: WorkOptions;
  readonly #display: ProgressDisplay;
  readonly #ids = new Map<Task, number>();
  readonly #told = new Set<Task>();
  readonly #stop = new AbortController();
  #failed = false;
  #interruption: Interruption | undefined;
  #session: Session | undefined;

  constructor(shell: Shell, config: Config, tasks: readonly Task[], options: WorkOptions) {
    this.#shell = shell;
    this.#config = config;
    this.#tasks = tasks;
    this.#options = options;
    this.#display = progressDisplay(process.stderr, tasks.length);
  }

  async run(): Promise<number> {
    const ignore = onInterrupt(
      (interruption) => this.#interrupt(interruption),
      (interruption) => this.#hurry(interruption),
    );
    try {
      while (this.#told.size < this.#tasks.length && !this.#interruption) await this.#inOneSession();
    } finally {
      ignore();
      // Also when something else went wrong while it stopped: these jobs wait at their checkpoints.
      if (this.#interruption) this.#options.onStopped(this.#unfinished());
    }
    if (this.#interruption) return this.#interruption.code;
    return this.#failed ? EXIT.failed : EXIT.done;
  }

  /** Jobs that were handed in and whose results were not given to the user. */
  #unfinished(): number[] {
    return this.#tasks.filter((task) => !this.#told.has(task)).flatMap((task) => this.#ids.get(task) ?? []);
  }

  async #inOneSession(): Promise<void> {
    const session = await openSession(this.#shell, this.#config, { acceptsJobs: true });
    this.#session = session;
    try {
      await this.#workWith(session.api);
      if (session.owner && !this.#interruption) await this.#waitForOthers(session.owner);
    } catch (error) {
      // What else goes wrong is told, also while the user waits for the checkpoint.
      if (!(error instanceof OwnerGoneError)) throw error;
    } finally {
      await this.#settle(session);
      this.#session = undefined;
    }
  }

  async #workWith(api: ApiClient): Promise<void> {
    for (const task of this.#tasks) {
      if (this.#interruption) return;
      const known = this.#ids.get(task);
      if (known === undefined) this.#ids.set(task, await task.begin(api));
      // The owner that had it is gone; this one shall go on with it.
      else if (!this.#told.has(task)) await api.post(`/api/jobs/${known}/resume`).catch(unlessComplete);
    }
    const waiting = this.#tasks.filter((task) => !this.#told.has(task));
    const results = waiting.map((task) => this.#follow(api, this.#ids.get(task) as number));
    // Looked at one after the other below; one that fails early must not count as unhandled until then.
    for (const result of results) result.catch(() => undefined);
    for (const [index, task] of waiting.entries()) {
      const job = await results[index];
      if (!job) return;
      this.#failed ||= job.status !== 'completed';
      await this.#options.onResult(job, api);
      this.#told.add(task);
    }
  }

  /** Follows a job until it rests. @returns undefined when the user stopped before that */
  async #follow(api: ApiClient, id: number): Promise<JobView | undefined> {
    try {
      for await (const { data } of api.events(`/api/jobs/${id}/events`, this.#stop.signal)) {
        const news = data as News;
        if (news.type === 'progress') this.#display.progress(id, news.progress);
        if (news.type === 'log' && news.level !== 'DEBUG') this.#display.line(id, news.message);
        if (news.type === 'state' && isAtRest(news.status)) return await api.get<JobView>(`/api/jobs/${id}`);
      }
    } catch (error) {
      // Of all that may be thrown only the user's own word is no error.
      if (this.#stop.signal.aborted && error === this.#stop.signal.reason) return undefined;
      throw error;
    } finally {
      this.#display.end(id);
    }
    throw new OwnerGoneError('The stream of events ended.');
  }

  /** Jobs of other terminals that this process works on. */
  async #waitForOthers(owner: OwnerProcess): Promise<void> {
    let waited = false;
    const idle = owner.idle().then(() => {
      waited = true;
    });
    // Whoever has nothing to wait for is told nothing.
    await new Promise((resolve) => setImmediate(resolve));
    if (!waited) say('Finishing the jobs of other terminals; Ctrl-C hands them back.');
    const interrupted = new Promise((resolve) => this.#stop.signal.addEventListener('abort', resolve, { once: true }));
    await Promise.race([idle, interrupted]);
  }

  async #settle(session: Session): Promise<void> {
    if (this.#interruption && session.owner) await session.owner.close('interrupted');
    else if (this.#interruption) await this.#handBack(session.api);
    await session.close();
  }

  /** Asks the owner, which is another process, to stop our jobs. */
  async #handBack(api: ApiClient): Promise<void> {
    for (const id of this.#unfinished()) {
      await api.post(`/api/jobs/${id}/stop`, { why: 'interrupted' }).catch((error) => {
        // With its owner gone the job is at its checkpoint already.
        if (!(error instanceof OwnerGoneError)) throw error;
      });
    }
  }

  #interrupt(interruption: Interruption): void {
    this.#interruption = interruption;
    this.#display.note('Stopping at the checkpoint; once more to end at once.');
    this.#stop.abort();
  }

  #hurry({ code }: Interruption): void {
    if (this.#session?.owner) this.#session.owner.hurry();
    else process.exit(code);
  }
}

/** A job that was completed by its last owner needs no resuming; following it tells that it rests. */
function unlessComplete(error: unknown): void {
  if (!(error instanceof LonghandError) || error.kind !== 'usage') throw error;
}
