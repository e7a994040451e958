/**
 * Stays and turns the new files of folders into jobs, and their jobs into texts.
 *
 * As the owner of the data folder it works on all jobs that wait. While another process is the owner it hands its files in
 * there, and takes the ownership over when that one ends. What was handed in and what was given out stands in the store,
 * so a restart goes on where it was.
 */
import { type FSWatcher, watch } from 'node:fs';
import { relative } from 'node:path';
import { type Announcement, type ApiClient, OwnerGoneError } from '../api/client.ts';
import type { Config } from '../config/schema.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { LonghandError, reportOf } from '../domain/errors.ts';
import { awaitsPerson } from '../domain/job.ts';
import { modelAsGiven, submissionOf } from '../jobs/submission.ts';
import { FolderWatch } from '../jobs/watch-folder.ts';
import type { WatchedFile, WatchedResult } from '../jobs/watched.ts';
import type { Session } from '../session/session.ts';
import { followJobs } from './follow-jobs.ts';
import { handInWatched } from './hand-in.ts';
import { type Interruption, onInterrupt } from './interrupt.ts';
import { asTyped, count, say, shown } from './output.ts';
import { openSession } from './session.ts';
import { EXIT, type Shell } from './shell.ts';
import { type Destination, writeTexts } from './transcript-files.ts';
import { jobOf, tellResult, unfinished } from './watch-results.ts';

/** Between two looks, however much happens in the folders. */
const SHORTEST_PAUSE_MS = 500;
const MOST_AT_ONCE = 1000;

export interface WatchingOptions {
  /** Absolute paths. */
  folders: readonly string[];
  recursive: boolean;
  settleMs: number;
  pollMs: number;
  to: Destination;
  /** Results as JSON, one a line, on standard output. */
  json: boolean;
  clock?: Clock;
}

/** @returns the exit code, when somebody has asked it to end */
export async function keepWatching(shell: Shell, config: Config, options: WatchingOptions): Promise<number> {
  return await new Watching(shell, config, options).run();
}

class Watching {
  readonly #shell: Shell;
  readonly #config: Config;
  readonly #options: WatchingOptions;
  readonly #clock: Clock;
  readonly #folders: FolderWatch;
  readonly #stop = new AbortController();
  readonly #taken = new Set<string>();
  /** Jobs that came to rest and are not of a watched file, as far as is known. */
  readonly #rested = new Set<number>();
  /** Sentences about what goes wrong again and again are said once. */
  readonly #said = new Set<string>();
  #wake = new AbortController();
  #interruption: Interruption | undefined;
  #session: Session | undefined;

  constructor(shell: Shell, config: Config, options: WatchingOptions) {
    this.#shell = shell;
    this.#config = config;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#folders = new FolderWatch({
      ...options,
      clock: this.#clock,
      except: [config.dataDir, config.cacheDir],
      notHandedIn: (files) => this.#notHandedIn(files),
      handIn: (file) => this.#handIn(file),
      onFolder: (folder, problem) =>
        say(
          problem ? `${shown(folder)} cannot be read (${problem.code}); waiting for it.` : `${shown(folder)} is back.`,
        ),
    });
  }

  async run(): Promise<number> {
    const ignore = onInterrupt(
      (interruption) => this.#interrupt(interruption),
      () => (this.#session?.owner ? this.#session.owner.hurry() : process.exit(EXIT.interrupted)),
    );
    const hints = this.#options.folders.flatMap((folder) => this.#hintsFrom(folder));
    try {
      while (!this.#interruption) await this.#inOneSession();
    } finally {
      for (const hint of hints) hint.close();
      ignore();
    }
    return this.#interruption?.signal === 'SIGTERM' ? EXIT.done : (this.#interruption?.code ?? EXIT.done);
  }

  async #inOneSession(): Promise<void> {
    const session = await openSession(this.#shell, this.#config, {
      acceptsJobs: true,
      takesAll: true,
      signal: this.#stop.signal,
    }).catch((error) => this.#unlessStopped(error));
    if (!session) return;
    this.#session = session;
    try {
      if (!session.owner) say('Another process works on the jobs; the files are handed in to it.');
      const follower = await followJobs(session.api, (news) => this.#hear(news), this.#stop.signal);
      for (;;) {
        await Promise.race([this.#look(session.api), follower.ended]);
        await Promise.race([this.#pause(), follower.ended]);
      }
    } catch (error) {
      if (!(error instanceof OwnerGoneError)) this.#unlessStopped(error);
    } finally {
      await this.#end(session);
    }
  }

  /** Of all that may be thrown only the user's own word is no error. */
  #unlessStopped(error: unknown): undefined {
    if (!this.#stop.signal.aborted || error !== this.#stop.signal.reason) throw error;
  }

  async #look(api: ApiClient): Promise<void> {
    // What happens from here on is looked at the next time, which then comes at once.
    this.#wake = new AbortController();
    await this.#folders.tick();
    const { results } = await api.get<{ results: WatchedResult[] }>('/api/watched/results');
    for (const result of results) await this.#give(result, api);
    for (const id of this.#rested) {
      this.#rested.delete(id);
      if (results.some(({ jobId }) => jobId === id)) continue;
      const job = await jobOf(api, id);
      if (job) tellResult(job, { json: this.#options.json });
    }
  }

  /** Until it is time to look again, or something has happened. */
  async #pause(): Promise<void> {
    const { pollMs } = this.#options;
    await this.#clock.sleep(SHORTEST_PAUSE_MS, this.#stop.signal);
    const restMs = Math.min(pollMs, this.#folders.settlesInMs ?? pollMs) - SHORTEST_PAUSE_MS;
    await this.#clock.sleep(Math.max(0, restMs), this.#wake.signal).catch((error) => {
      if (error !== this.#wake.signal.reason) throw error;
    });
    this.#stop.signal.throwIfAborted();
  }

  #hear(news: Announcement): void {
    if (news.type !== 'settled' || news.status === 'paused' || !awaitsPerson(news.status, news.pausedBy)) return;
    this.#rested.add(news.jobId);
    this.#wake.abort();
  }

  async #notHandedIn(files: WatchedFile[]): Promise<WatchedFile[]> {
    const fresh: WatchedFile[] = [];
    for (let start = 0; start < files.length; start += MOST_AT_ONCE) {
      const part = files.slice(start, start + MOST_AT_ONCE);
      fresh.push(...(await this.#api.post<{ files: WatchedFile[] }>('/api/watched/new', { files: part })).files);
    }
    return fresh;
  }

  async #handIn({ path }: WatchedFile): Promise<boolean> {
    const settings = { ...this.#config, model: modelAsGiven(this.#config.model) };
    try {
      await handInWatched(this.#api, { ...submissionOf(path, settings), watched: true });
      return true;
    } catch (error) {
      if (!(error instanceof LonghandError)) throw error;
      this.#sayOnce(`${shown(path)} could not be handed in; it is tried again.`, error);
      return false;
    }
  }

  async #give({ path, jobId }: WatchedResult, api: ApiClient): Promise<void> {
    const { folders, to, json } = this.#options;
    const folder = folders.find((candidate) => path.startsWith(candidate.endsWith('/') ? candidate : `${candidate}/`));
    if (folder === undefined) return;
    const job = await jobOf(api, jobId);
    if (!job) return;
    try {
      const name = relative(folder, path);
      const isWritten = job.status === 'completed' && to.folder !== undefined;
      const files = isWritten ? await writeTexts(api, job, to, this.#taken, { recording: name }) : [];
      tellResult(job, { json, name, files });
    } catch (error) {
      if (error instanceof OwnerGoneError) throw error;
      return this.#sayOnce(`The text of job ${jobId} could not be written; it is tried again.`, error);
    }
    await api.post('/api/watched/told', { path, jobId });
  }

  get #api(): ApiClient {
    if (!this.#session) throw new OwnerGoneError('There is no owner now.');
    return this.#session.api;
  }

  #sayOnce(sentence: string, error: unknown): void {
    const { message, remedy } = reportOf(error);
    const all = [sentence, message, remedy ? asTyped(remedy) : ''].filter(Boolean).join('\n  ');
    if (!this.#said.has(all)) say(all);
    this.#said.add(all);
  }

  /** Where the system tells of changes, they are seen at once; where it does not, at the next look. */
  #hintsFrom(folder: string): FSWatcher[] {
    try {
      const watcher = watch(folder, { recursive: this.#options.recursive }, () => this.#wake.abort());
      return [watcher.on('error', () => watcher.close())];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return [];
    }
  }

  async #end(session: Session): Promise<void> {
    if (this.#interruption && session.owner) {
      const waiting = await unfinished(session.api);
      await session.owner.close('interrupted');
      if (waiting.length === 0) say('Stopped.');
      else say(`Stopped. ${count(waiting.length, 'job')} will go on from the checkpoint when it is started again.`);
    }
    this.#session = undefined;
    await session.close();
  }

  #interrupt(interruption: Interruption): void {
    this.#interruption = interruption;
    say('Stopping at the checkpoint; once more to end at once.');
    this.#stop.abort();
    this.#wake.abort();
  }
}
