import type { FastifyRequest } from 'fastify';
import type { ApiContext } from '../context.ts';
import type { Watcher } from './event-feed.ts';
import { liveOf } from './live.ts';
import { LiveEvent } from './live-event.ts';
import { logCover, type Outlet, tellerOf } from './teller.ts';

/** Where the events of a caller go, as long as it is open. */
export interface LiveOutlet extends Outlet {
  readonly isOpen: boolean;
  onClose(listener: () => void): void;
}

/**
 * Tells a caller what happens to the jobs that he may see, from now on: first how things stand, then `ready`, then everything.
 * @param wanted `jobs`: these alone; undefined: all. `lastId`: it goes on behind this event
 */
export function watchEvents(
  context: ApiContext,
  { caller }: Pick<FastifyRequest, 'caller'>,
  out: LiveOutlet,
  { jobs, lastId }: { jobs: ReadonlySet<number> | undefined; lastId: number | undefined },
): void {
  const live = liveOf(context);
  const watcher: Watcher = {
    ...{ jobs, userId: caller.userId, everyReport: caller.local, ...tellerOf(context, caller, out) },
    get isOpen() {
      return out.isOpen;
    },
    fail: (sentence) => out.fail(sentence),
  };
  out.onClose(() => live.feed.leave(watcher));
  let present: () => LiveEvent[] = () => [];
  void live.feed.open(watcher, lastId, {
    prepare: async (goesOn) => {
      present = await live.present.of(watcher, goesOn);
    },
    greet: (at) => {
      watcher.take(new LiveEvent('ready', { type: 'ready' }, { id: at }));
      for (const event of present()) watcher.take(event);
    },
  });
}

/**
 * Tells a caller the lines of a job's log from a position on.
 * @returns a function that ends it
 */
export async function watchLog(
  context: ApiContext,
  { caller }: Pick<FastifyRequest, 'caller'>,
  out: LiveOutlet,
  { jobId, from }: { jobId: number; from: number },
): Promise<() => void> {
  const cover = await logCover(context, caller, jobId);
  let isWanted = true;
  const leave = liveOf(context).followLog(
    {
      get isOpen() {
        return isWanted && out.isOpen;
      },
      take: (lines) => out.write(cover(lines)),
      drained: () => out.drained(),
      fail: (sentence) => out.fail(sentence),
    },
    jobId,
    from,
  );
  const end = () => {
    isWanted = false;
    leave();
  };
  out.onClose(end);
  return end;
}
