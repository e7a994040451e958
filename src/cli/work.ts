/**
 * Sees jobs through to their end, whoever does the work.
 *
 * This process becomes the owner of the data folder and works, or hands its jobs to the one that is and follows them.
 * When that one ends (its user pressed Ctrl-C, it was killed), this process takes the ownership over and goes on.
 * The first Ctrl-C stops its jobs at their checkpoints, a second one ends them at once.
 */
import { type Announcement, type ApiClient, OwnerGoneError } from '../api/client.ts';
import type { Config } from '../config/schema.ts';
import { LonghandError } from '../domain/errors.ts';
import type { JobView } from '../jobs/view.ts';
import type { OwnerProcess } from '../session/owner-process.ts';
import type { Session } from '../session/session.ts';
import { type Follower, followJobs } from './follow-jobs.ts';
import { type Interruption, onInterrupt } from './interrupt.ts';
import { say } from './output.ts';
import { type Ending, type ProgressDisplay, progressDisplay } from './progress-display.ts';
import { openSession } from './session.ts';
import { EXIT, type Shell } from './shell.ts';
import { type Begun, goOn, type Task, type WorkOptions } from './task.ts';
import { Turns } from './turns.ts';

/** @returns the exit code */
export async function seeThrough<T extends Task>(
  shell: Shell,
  config: Config,
  tasks: readonly T[],
  options: WorkOptions<T>,
): Promise<number> {
  const work = new Work(shell, config, tasks, options);
  return await work.run();
}

class Work<T extends Task> {
  readonly #shell: Shell;
  readonly #config: Config;
  readonly #tasks: readonly T[];
  readonly #options: WorkOptions<T>;
  readonly #display: ProgressDisplay;
  readonly #begun = new Map<T, Begun>();
  /** The jobs whose news are shown. */
  readonly #ours = new Set<number>();
  readonly #ended = new Set<T>();
  readonly #told = new Set<T>();
  readonly #giving = new Turns();
  readonly #stop = new AbortController();
  #failed = false;
  #interruption: Interruption | undefined;
  #session: Session | undefined;

  constructor(shell: Shell, config: Config, tasks: readonly T[], options: WorkOptions<T>) {
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
      this.#display.close();
      // Also when something else went wrong while it stopped: these jobs wait at their checkpoints.
      if (this.#interruption) this.#options.onStopped(this.#unfinished(), this.#notHandedIn());
    }
    if (this.#interruption) return this.#interruption.code;
    return this.#failed ? EXIT.failed : EXIT.done;
  }

  /** Jobs that were handed in and whose results were not given to the user. */
  #unfinished(): number[] {
    const open = this.#tasks.filter((task) => !this.#told.has(task));
    return [...new Set(open.flatMap((task) => this.#begun.get(task)?.id ?? []))];
  }

  #notHandedIn(): number {
    return this.#tasks.filter((task) => !this.#told.has(task) && !this.#begun.has(task)).length;
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

  /** Hands everything in; what is in is worked on and followed meanwhile. */
  async #workWith(api: ApiClient): Promise<void> {
    const follower = await followJobs(api, (news) => this.#show(news), this.#stop.signal);
    const results: Promise<void>[] = [];
    let last: Promise<void> = Promise.resolve();
    for (const task of this.#tasks) {
      if (this.#interruption) break;
      if (this.#told.has(task)) continue;
      const begun = await this.#begin(task, api);
      if (!begun) continue;
      const rested = this.#rested(follower, begun, task);
      // Only a result whose turn it is, is given; without an order it is whoever comes first.
      const given = this.#options.inOrder
        ? last.then(async () => this.#give(await rested, task, api))
        : rested.then((job) => this.#giving.hold(() => this.#give(job, task, api)));
      last = given;
      results.push(given);
      // Looked at together below; one that fails early must not count as unhandled until then.
      for (const promise of [rested, given]) promise.catch(() => undefined);
    }
    await Promise.all(results);
    follower.close();
  }

  /** @returns undefined when it was refused and the others go on */
  async #begin(task: T, api: ApiClient): Promise<Begun | undefined> {
    const before = this.#begun.get(task);
    if (before) {
      await goOn(api, before.id);
      return before;
    }
    try {
      const begun = await task.begin(api);
      this.#begun.set(task, begun);
      this.#ours.add(begun.id);
      return begun;
    } catch (error) {
      // What is wrong with the first one is most likely wrong with all: the engine, the settings.
      const first = !this.#options.apart && this.#begun.size === 0 && this.#told.size === 0;
      if (error instanceof OwnerGoneError || first) throw error;
      this.#refuse(error, task);
      return undefined;
    }
  }

  #refuse(error: unknown, task: T): void {
    this.#failed = true;
    this.#told.add(task);
    this.#end(task, 0, 'failed');
    this.#options.onRefused(error, task);
  }

  #show(news: Announcement): void {
    const { jobId } = news;
    if (!this.#ours.has(jobId)) return;
    if (news.type === 'progress') this.#display.progress(jobId, news.progress);
    if (news.type === 'length') this.#display.length(jobId, news.seconds);
    if (news.type === 'log' && news.level !== 'DEBUG') this.#display.line(jobId, news.message, news.level);
    if (news.type === 'waiting') this.#display.note(this.#tasks.length > 1 ? `Job ${jobId}: ${news.why}` : news.why);
  }

  /** Waits until a job rests. @returns undefined when the user stopped before that */
  async #rested(follower: Follower, { id, known }: Begun, task: T): Promise<JobView | undefined> {
    try {
      const job = await follower.rested(id);
      this.#display.length(id, job.durationSeconds);
      if (job.status !== 'completed') this.#end(task, id, 'failed');
      else this.#end(task, id, known ? 'known' : 'done');
      return job;
    } catch (error) {
      // Of all that may be thrown only the user's own word is no error.
      if (this.#stop.signal.aborted && error === this.#stop.signal.reason) return undefined;
      // Somebody deleted it; the others go on.
      if (!(error instanceof LonghandError) || error.kind !== 'usage') throw error;
      this.#refuse(error, task);
      return undefined;
    }
  }

  /** Shown once, also when its result has to be given in another session. */
  #end(task: T, id: number, how: Ending): void {
    if (this.#ended.has(task)) return;
    this.#ended.add(task);
    this.#display.end(id, how);
  }

  async #give(job: JobView | undefined, task: T, api: ApiClient): Promise<void> {
    if (!job || this.#told.has(task)) return;
    try {
      await this.#options.onResult(job, api, task);
    } catch (error) {
      if (error instanceof OwnerGoneError || this.#tasks.length === 1) throw error;
      this.#failed = true;
      this.#options.onRefused(error, task);
    }
    this.#failed ||= job.status !== 'completed';
    this.#told.add(task);
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
