/**
 * The lines of one job's log as they come, read once for all who watch it. The id of a line is the byte position behind it
 * in the whole log, whatever was rotated or compressed: so whoever names the last one that reached it misses none.
 */
import { reportOf } from '../../domain/errors.ts';
import { bytesFrom, type LogBytes } from '../../logs/tail.ts';
import { LiveEvent } from './live-event.ts';

const NEWLINE = 0x0a;
/** As events short lines are several times as long, and a client is cut off when more than 1 MB waits for it. */
const PIECE_BYTES = 64 * 1024;

export interface LineWatcher {
  readonly isOpen: boolean;
  /** Some lines, or that some are no longer there. */
  take(piece: LogEvents): void;
  drained(): Promise<void>;
  /** It is told nothing more, because of this. */
  fail(sentence: string): void;
}

/** Lines in words. The id of each is where it ends. */
export interface LogEvents {
  events: readonly LiveEvent[];
  /** All of them, as server-sent events. */
  frames: Buffer;
}

interface Piece extends LogEvents {
  /** Where the next one begins. */
  position: number;
  /** What came before is no longer there, or never was: positions may be lower than they were. */
  isGap: boolean;
}

export class LogFeed {
  readonly #path: string;
  /** Who is told, with where each stands. */
  readonly #watchers = new Map<LineWatcher, number>();
  #position = 0;
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Tells the lines from a position on, what is there at the pace of the connection, then what comes. */
  async open(watcher: LineWatcher, from: number): Promise<void> {
    try {
      for (let at = from; watcher.isOpen; ) {
        const piece = await this.#pieceFrom(at);
        if (!watcher.isOpen) return;
        // Nobody reads for it between the look and here.
        if (piece.position === at && this.#join(watcher, at)) return await this.more();
        watcher.take(piece);
        await watcher.drained();
        at = piece.position;
      }
    } catch (error) {
      watcher.fail(reportOf(error).message);
    }
  }

  leave(watcher: LineWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** Something may have been added. Resolves when all that was there at the call is told; never rejects. */
  more(): Promise<void> {
    this.#next ??= this.#reading = this.#reading.then(() => this.#readOn());
    return this.#next;
  }

  /** @returns false when the others are further and it has to read on */
  #join(watcher: LineWatcher, at: number): boolean {
    if (this.#watchers.size === 0) this.#position = at;
    if (at < this.#position) return false;
    this.#watchers.set(watcher, at);
    return true;
  }

  async #readOn(): Promise<void> {
    this.#next = undefined;
    try {
      while (this.#watchers.size > 0) {
        const from = this.#position;
        const piece = await this.#pieceFrom(from);
        // All have left meanwhile, and somebody came who stands elsewhere.
        if (from !== this.#position) continue;
        if (piece.position === from) return;
        this.#tell(piece, from);
        this.#position = piece.position;
      }
    } catch (error) {
      for (const watcher of this.#watchers.keys()) watcher.fail(reportOf(error).message);
      this.#watchers.clear();
    }
  }

  #tell(piece: Piece, from: number): void {
    for (const [watcher, at] of this.#watchers) {
      if (piece.isGap || at <= from) watcher.take(piece);
      else watcher.take(inWords(piece.events.filter(({ id = 0 }) => id > at)));
      this.#watchers.set(watcher, piece.isGap ? piece.position : Math.max(at, piece.position));
    }
  }

  async #pieceFrom(position: number): Promise<Piece> {
    const piece = await bytesFrom(this.#path, position, PIECE_BYTES);
    return { ...inWords(eventsOf(piece)), position: piece.position, isGap: piece.isGap };
  }
}

function inWords(events: readonly LiveEvent[]): LogEvents {
  return { events, frames: Buffer.concat(events.map(({ frame }) => frame)) };
}

function eventsOf({ bytes, position, isGap }: LogBytes): LiveEvent[] {
  if (isGap) {
    const reason = bytes.toString('utf8').replace(/^\[|\]\n$/g, '');
    return [new LiveEvent('reset', { type: 'reset', reason }, { id: position })];
  }
  const start = position - bytes.length;
  const events: LiveEvent[] = [];
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const to = newline === -1 ? bytes.length : newline + 1;
    const line = bytes.toString('utf8', from, newline === -1 ? to : newline);
    events.push(new LiveEvent('line', { line }, { id: start + to }));
    from = to;
  }
  return events;
}
