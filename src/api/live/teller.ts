import type { Caller } from '../caller.ts';
import { coverFor, maySeePaths, type PlaceContext } from '../hide-paths.ts';
import type { LiveEvent } from './live-event.ts';
import type { LogEvents } from './log-feed.ts';

/** Where events go: a stream or a socket. */
export interface Outlet {
  write(events: LogEvents): void;
  /** Resolves when nothing waits to be sent, or nobody is there to get it. */
  drained(): Promise<void>;
  /** Says why, and ends. */
  fail(sentence: string): void;
}

/** Passes events on as the one who listens may know them, in the order in which they come. */
export interface Teller {
  take(event: LiveEvent): void;
  drained(): Promise<void>;
}

/** Tells events of jobs to a caller. */
export function tellerOf(context: PlaceContext, caller: Caller, out: Outlet): Teller {
  const write = (event: LiveEvent) => out.write({ events: [event], frames: event.frame });
  if (maySeePaths(caller)) return { take: write, drained: () => out.drained() };
  let telling: Promise<void> = Promise.resolve();
  const tell = async (event: LiveEvent) => {
    // Most tell of nothing that lies anywhere, and the store is not asked for those.
    if (!event.frame.includes('/')) return write(event);
    const cover = await coverFor(context, event.jobId === null ? [] : [event.jobId]);
    write(event.with(cover.value(event.data) as object));
  };
  return {
    take(event) {
      telling = telling.then(() => tell(event)).catch((error) => out.fail(String(error.message)));
    },
    drained: async () => {
      await telling;
      await out.drained();
    },
  };
}

/** Covers what a caller may not know in the lines of a job's log. */
export async function logCover(
  context: PlaceContext,
  caller: Caller,
  jobId: number,
): Promise<(lines: LogEvents) => LogEvents> {
  if (maySeePaths(caller)) return (lines) => lines;
  const cover = await coverFor(context, [jobId]);
  return ({ events }) => {
    const covered = events.map((event) => {
      const { line } = event.data as { line?: string };
      return line === undefined ? event : event.with({ line: cover.log(line) });
    });
    return { events: covered, frames: Buffer.concat(covered.map(({ frame }) => frame)) };
  };
}
