/**
 * The recordings that are on their way to the service.
 *
 * Each is kept on the disk of the browser until it is a job there, with the address to which its parts go. So it goes on
 * after a broken connection, and after the page was loaded anew or closed. Two are sent at a time. Of several tabs one
 * sends a recording (Web Locks); and at the service an upload is one job however often it is asked for.
 */
import { useSyncExternalStore } from 'react';
import { CLIENT_ID, live } from '../../../live.ts';
import { keys, queryClient, sessionQuery } from '../../../queries.ts';
import { randomId } from '../../../random-id.ts';
import { all, forget, forgetPieces, keep, piecesOf, read } from '../kept.ts';
import type { Item, Kept, Phase } from './item.ts';
import { isSameFile } from './item.ts';
import { Pace } from './pace.ts';
import type { Arrived } from './send.ts';

const AT_ONCE = 2;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
/** A larger file is not copied to the disk of the browser: it must be chosen again after a reload. */
const LARGEST_KEPT_BYTES = 2 * 1024 ** 3;

/** Set while something is on its way: `main.tsx` looks for it, whatever page is opened. */
const BUSY = 'longhand.sending';

export interface NewItem {
  file: File;
  wish: Record<string, string>;
  recording?: string | undefined;
}

class Outbox {
  #items: readonly Item[] = [];
  readonly #files = new Map<string, Blob>();
  readonly #running = new Map<string, AbortController>();
  readonly #watchers = new Set<() => void>();
  readonly #arrivals = new Set<(item: Item, jobId: number) => void>();
  #owner: string | undefined;

  get items(): readonly Item[] {
    return this.#items;
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Calls when a recording has become a job. @returns a function that ends it */
  readonly onArrival = (listener: (item: Item, jobId: number) => void): (() => void) => {
    this.#arrivals.add(listener);
    return () => this.#arrivals.delete(listener);
  };

  /** Takes up what was on its way when the page was left. Done once for each user. */
  async open(owner: string): Promise<void> {
    if (this.#owner === owner) return;
    this.#leave();
    this.#owner = owner;
    const kept = await all<Kept>('uploads').catch(nothingKept);
    const known = new Set(this.#items.map(({ id }) => id));
    const own = kept.filter((item) => item.owner === owner && !known.has(item.id));
    for (const item of own.sort((a, b) => a.addedAt - b.addedAt)) void this.#adopt(item.id);
  }

  /** Sends recordings. Those of which the service waits for the rest go on there. */
  add(recordings: readonly NewItem[]): void {
    const fresh = recordings.filter(({ file }) => !this.offer([file]).length);
    const items = fresh.map(({ file, wish, recording }, index): Item => {
      const id = randomId();
      this.#files.set(id, file);
      return {
        ...{ id, owner: this.#owner ?? '', name: file.name, bytes: file.size, modifiedMs: file.lastModified },
        ...{ wish: { ...wish, clientId: CLIENT_ID }, addedAt: Date.now() + index },
        ...(recording === undefined ? {} : { recording }),
        ...{ phase: { at: 'turn' }, safe: undefined },
      };
    });
    this.#set([...this.#items, ...items]);
    for (const item of items) void this.#hold(item.id, () => this.#keep(item));
    this.#next();
  }

  /** Takes files that are waited for. @returns those that were */
  offer(files: readonly File[]): File[] {
    return files.filter((file) => {
      const item = this.#items.find((each) => each.phase.at === 'file' && isSameFile(each, file));
      if (!item) return false;
      this.#files.set(item.id, file);
      this.#phase(item.id, { at: 'turn' });
      void this.#keepFile(item.id, file);
      this.#next();
      return true;
    });
  }

  /** Whether a file is on its way already. */
  has(file: File): boolean {
    return this.#items.some((item) => isSameFile(item, file) && item.phase.at !== 'file');
  }

  /** Does not send it; what the service has of it goes too. */
  async remove(id: string): Promise<void> {
    const item = this.#find(id);
    if (!item) return;
    this.#running.get(id)?.abort(new DOMException('Given up', 'AbortError'));
    this.#drop(id);
    if (item.url !== undefined && item.phase.at !== 'known') await (await import('./send.ts')).giveUp(item.url);
  }

  /** Once more, with other options where they are given. */
  again(id: string, wish: Record<string, string> = {}): void {
    const item = this.#find(id);
    if (!item) return;
    const { url, ...rest } = item;
    // What was refused may be whole at the service; of what was known nothing is left there.
    const next = item.phase.at === 'known' || url === undefined ? rest : { ...rest, url };
    const asked: Item = { ...next, wish: { ...item.wish, ...wish }, phase: { at: 'turn' } };
    this.#set(this.#items.map((each) => (each.id === id ? asked : each)));
    void this.#note(id);
    this.#next();
  }

  /** Nobody is signed in any more, or somebody else is, in whose name nothing of this is sent. What is kept waits on the disk. */
  #leave(): void {
    this.#owner = undefined;
    for (const abort of this.#running.values()) abort.abort(new DOMException('Signed out', 'AbortError'));
    this.#running.clear();
    this.#files.clear();
    // Another tab may be sending: its mark stays.
    if (this.#items.length > 0) this.#set([]);
  }

  #next(): void {
    for (const { id, phase } of this.#items) {
      if (this.#running.size >= AT_ONCE) return;
      if (phase.at === 'turn' && !this.#running.has(id)) void this.#run(id);
    }
  }

  async #run(id: string): Promise<void> {
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      const arrived = await this.#send(id, abort.signal);
      if (!abort.signal.aborted) this.#arrived(id, arrived);
    } catch (error) {
      if (!abort.signal.aborted) this.#phase(id, { at: 'refused', error });
    } finally {
      // It may be sent anew already, for somebody who has signed in again.
      if (this.#running.get(id) === abort) this.#running.delete(id);
      this.#next();
    }
  }

  /** As long as it takes. @throws what refuses it for good */
  async #send(id: string, signal: AbortSignal): Promise<Arrived> {
    const { PassingTrouble, sendParts } = await loadSender(signal);
    const file = this.#files.get(id);
    const begun = this.#find(id);
    if (!file || !begun) throw new DOMException('There is nothing to send', 'AbortError');
    const metadata = { ...begun.wish, filename: begun.name, autostart: 'true' };
    let sentBytes = 0;
    for (let failures = 0; ; failures += 1) {
      const pace = new Pace(begun.bytes);
      this.#phase(id, { at: 'sending', sentBytes });
      try {
        return await sendParts(
          {
            ...{ file, metadata, url: this.#find(id)?.url },
            onUrl: (url) => {
              this.#replace(id, { url });
              void this.#note(id);
            },
            onProgress: (bytes) => {
              if (bytes > sentBytes) failures = 0;
              sentBytes = bytes;
              if (bytes >= begun.bytes) this.#phase(id, { at: 'arrived' });
              else this.#phase(id, { at: 'sending', sentBytes, ...pace.after(bytes) });
            },
          },
          signal,
        );
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PassingTrouble)) throw error;
        if (error.signedOut) {
          void queryClient.invalidateQueries({ queryKey: keys.session });
          this.#leave();
          signal.throwIfAborted();
        }
        const { sentence: why } = error;
        this.#phase(id, { at: 'away', sentBytes, ...(why === undefined ? {} : { why }) });
        await untilWorthATry(failures, signal);
      }
    }
  }

  #arrived(id: string, { jobId, known }: Arrived): void {
    const item = this.#find(id);
    if (!item) return;
    void queryClient.invalidateQueries({ queryKey: keys.queue });
    void queryClient.invalidateQueries({ queryKey: keys.jobs });
    if (known) {
      // The file stays at hand, for whoever wants it done again; after a reload it is over.
      this.#phase(id, { at: 'known', jobId, status: known });
      void forget('uploads', id).catch(nothingKept);
      return;
    }
    if (item.recording !== undefined) void forgetRecording(item.recording).catch(nothingKept);
    this.#drop(id);
    for (const listener of this.#arrivals) listener(item, jobId);
  }

  /** Waits until no other tab sends it; by then it may be over. */
  async #adopt(id: string): Promise<void> {
    await this.#hold(id, async () => {
      const kept = await read<Kept>('uploads', id);
      if (!kept) return;
      const file = kept.recording === undefined ? await read<Blob>('files', id) : await soundOf(kept.recording);
      if (file) this.#files.set(id, file);
      this.#set([...this.#items, { ...kept, phase: { at: file ? 'turn' : 'file' }, safe: file !== undefined }]);
      this.#next();
    });
  }

  /** Does something as the only tab that has the item, which then stays this tab's. */
  async #hold(id: string, work: () => Promise<void>): Promise<void> {
    // Without a secure connection there are no locks: then two tabs may send the same parts, of which the service takes each once.
    if (!navigator.locks) return await work();
    await navigator.locks.request(`longhand.upload.${id}`, async () => {
      await work();
      await this.#over(id);
    });
  }

  #over(id: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#find(id)) return;
        leave();
        resolve();
      };
      const leave = this.watch(look);
      look();
    });
  }

  async #keep(item: Item): Promise<void> {
    await this.#note(item.id);
    const file = this.#files.get(item.id);
    if (item.recording !== undefined) this.#replace(item.id, { safe: true });
    else if (file) await this.#keepFile(item.id, file);
  }

  async #keepFile(id: string, file: Blob): Promise<void> {
    const isKept = file.size <= LARGEST_KEPT_BYTES && (await keep('files', file, id).then(() => true, notKept));
    // It may have arrived meanwhile.
    if (this.#find(id)) this.#replace(id, { safe: isKept });
    else if (isKept) await forget('files', id);
  }

  async #note(id: string): Promise<void> {
    const item = this.#find(id);
    if (!item) return;
    const { phase: _phase, safe: _safe, ...kept } = item;
    await keep('uploads', kept satisfies Kept).catch(nothingKept);
    if (!this.#find(id)) await forget('uploads', id).catch(nothingKept);
  }

  #find(id: string): Item | undefined {
    return this.#items.find((item) => item.id === id);
  }

  #phase(id: string, phase: Phase): void {
    this.#replace(id, { phase });
  }

  #replace(id: string, change: Partial<Item>): void {
    this.#set(this.#items.map((item) => (item.id === id ? { ...item, ...change } : item)));
  }

  #drop(id: string): void {
    this.#files.delete(id);
    this.#set(this.#items.filter((item) => item.id !== id));
    void forget('uploads', id).catch(nothingKept);
    void forget('files', id).catch(nothingKept);
  }

  #set(items: readonly Item[]): void {
    this.#items = items;
    if (items.length > 0) localStorage.setItem(BUSY, '');
    else localStorage.removeItem(BUSY);
    for (const watcher of [...this.#watchers]) watcher();
  }
}

export const outbox = new Outbox();

/** Takes up what is on its way, for whoever is signed in. */
export async function goOnSending(): Promise<void> {
  const { caller } = await queryClient.ensureQueryData(sessionQuery);
  if (caller) await outbox.open(caller.name);
}

/** What is on its way. */
export function useOutbox(): readonly Item[] {
  return useSyncExternalStore(outbox.watch, () => outbox.items);
}

/** The sound of a recording that was made here. */
export async function soundOf(recording: string): Promise<Blob | undefined> {
  const pieces = await piecesOf<{ sound: Blob }>(recording);
  const type = pieces[0]?.sound.type;
  return type === undefined
    ? undefined
    : new Blob(
        pieces.map(({ sound }) => sound),
        { type },
      );
}

/** Throws a recording that was made here away. */
export async function forgetRecording(recording: string): Promise<void> {
  await forget('recordings', recording);
  await forgetPieces(recording);
}

/** The part of the page that sends comes from the service, too, which may be away at the moment. */
async function loadSender(signal: AbortSignal): Promise<typeof import('./send.ts')> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await import('./send.ts');
    } catch (error) {
      if (live.connection !== 'away') throw error;
      await untilWorthATry(failures, signal);
    }
  }
}

/** Until some time has gone by, longer each time, or the connection is back. */
function untilWorthATry(failures: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wasAway = live.connection === 'away';
    const tidy = () => {
      clearTimeout(timer);
      leave();
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', stop);
    };
    const done = () => {
      tidy();
      resolve();
    };
    const stop = () => {
      tidy();
      reject(signal.reason);
    };
    const timer = setTimeout(done, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures));
    const leave = live.watch(() => wasAway && live.connection === 'live' && done());
    window.addEventListener('online', done);
    signal.addEventListener('abort', stop);
  });
}

/** A browser that keeps nothing, or has no room: the row says that the page must stay open. */
function notKept(error: unknown): false {
  if (error instanceof DOMException) return false;
  throw error;
}

function nothingKept(error: unknown): [] {
  notKept(error);
  return [];
}
