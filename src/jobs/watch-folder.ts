/**
 * Folders whose new recordings are handed in.
 *
 * A file is handed in once it has settled: its size and time have not changed for a while and nobody has it open for
 * writing. What was handed in is known to the store, by path, size and time; so nothing is forgotten by a restart, and a
 * path with another content is a new recording. Nothing here depends on being told of changes: `tick` looks at everything,
 * because network folders tell nothing.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '../domain/clock.ts';
import { openForWriting } from '../files/open-for-writing.ts';
import { recordingsIn } from './folder.ts';
import type { WatchedFile } from './watched.ts';

export interface WatchOptions {
  /** Absolute paths. */
  folders: readonly string[];
  recursive: boolean;
  /** How long a file must stay as it is. */
  settleMs: number;
  clock: Clock;
  /** Absolute paths of folders that are not entered: Longhand's own. */
  except?: readonly string[];
  /** Those of the files that were not handed in yet as they are. */
  notHandedIn(files: WatchedFile[]): Promise<WatchedFile[]>;
  /** Hands a settled file in. @returns false when it was refused for now: then it is tried again once it has settled anew */
  handIn(file: WatchedFile): Promise<boolean>;
  /** A folder cannot be read, or can be read again. */
  onFolder(folder: string, problem: NodeJS.ErrnoException | undefined): void;
}

interface Sight {
  file: WatchedFile;
  /** Since when it is as it is. */
  sinceMs: number;
  /** It was handed in as it is. */
  over: boolean;
}

export class FolderWatch {
  readonly #options: WatchOptions;
  readonly #sights = new Map<string, Sight>();
  readonly #missing = new Set<string>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Milliseconds until the next file may have settled; undefined when none is waited for. */
  get settlesInMs(): number | undefined {
    const now = this.#options.clock.monotonicMs();
    const waiting = [...this.#sights.values()].filter(({ over }) => !over);
    if (waiting.length === 0) return undefined;
    return Math.max(0, Math.min(...waiting.map(({ sinceMs }) => sinceMs)) + this.#options.settleMs - now);
  }

  /**
   * Looks at everything once and hands in what has settled.
   * @throws what `handIn` and `notHandedIn` throw; what was not reached is reached the next time
   */
  async tick(): Promise<void> {
    const settled = await this.#settled(await this.#look());
    if (settled.length === 0) return;
    const fresh = new Set((await this.#options.notHandedIn(settled.map(({ file }) => file))).map(({ path }) => path));
    for (const sight of settled) {
      if (fresh.has(sight.file.path) && !(await this.#options.handIn(sight.file))) {
        sight.sinceMs = this.#options.clock.monotonicMs();
      } else {
        sight.over = true;
      }
    }
  }

  /** The files as they are now; what has vanished is forgotten. */
  async #look(): Promise<Sight[]> {
    const now = this.#options.clock.monotonicMs();
    const seen = new Set<string>();
    for (const path of await this.#recordings()) {
      const facts = await stat(path).catch(() => undefined);
      if (!facts?.isFile()) continue;
      seen.add(path);
      const file = { path, bytes: facts.size, modifiedMs: Math.round(facts.mtimeMs) };
      const before = this.#sights.get(path);
      const isSame = before?.file.bytes === file.bytes && before.file.modifiedMs === file.modifiedMs;
      if (!isSame) this.#sights.set(path, { file, sinceMs: now, over: false });
    }
    for (const path of this.#sights.keys()) if (!seen.has(path)) this.#sights.delete(path);
    return [...this.#sights.values()];
  }

  async #recordings(): Promise<string[]> {
    const { folders, recursive, except = [], onFolder } = this.#options;
    const all: string[] = [];
    for (const folder of folders) {
      try {
        all.push(...(await recordingsIn(folder, { recursive, except })).recordings);
        if (this.#missing.delete(folder)) onFolder(folder, undefined);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        // What is on a network comes back; until then it is said once.
        if (!this.#missing.has(folder)) onFolder(folder, error as NodeJS.ErrnoException);
        this.#missing.add(folder);
      }
    }
    return all;
  }

  async #settled(sights: Sight[]): Promise<Sight[]> {
    const { clock, settleMs } = this.#options;
    const now = clock.monotonicMs();
    const quiet = sights.filter(({ over, sinceMs, file }) => !over && file.bytes > 0 && now - sinceMs >= settleMs);
    const open = await openForWriting(quiet.map(({ file }) => file.path));
    return quiet.filter(({ file }) => !open.has(file.path));
  }
}
