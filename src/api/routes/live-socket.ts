/**
 * `GET /api/live`: everything that is live on a page, over one WebSocket. A browser opens six connections to one service over
 * HTTP/1.1, for all of its tabs together, and streams of events stay open: three tabs with two each, and no tab is answered any
 * more. Of WebSockets it opens hundreds.
 *
 * Told is what `GET /api/events` tells; `{"follow": JOB, "from": POSITION, "as": NUMBER}` adds the log of a job,
 * and `{"leave": NUMBER}` ends that.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { WebSocket } from 'ws';
import { reportOf } from '../../domain/errors.ts';
import { jobNotFound } from '../../jobs/errors.ts';
import { jobStandings } from '../../jobs/standings.ts';
import type { ApiContext } from '../context.ts';
import { type Live, liveOf } from '../live/live.ts';
import { LiveEvent } from '../live/live-event.ts';
import type { LogEvents } from '../live/log-feed.ts';
import { type LiveOutlet, watchEvents, watchLog } from '../live/watch-events.ts';
import { followLive, type LiveMessage, liveWish } from '../schemas/live.ts';
import { closeSocket, INTERNAL_ERROR, keepAlive, NOT_SIGNED_IN, NOT_UNDERSTOOD } from '../sockets.ts';
import { MAX_WAITING_BYTES } from '../sse.ts';

/** So many logs a page follows at most. */
const MOST_LOGS = 8;
/** More wishes than these do not wait for each other. */
const MOST_WISHES = 100;

/** Registers it, after `registerSockets`. */
export function liveSocket(server: FastifyInstance, context: ApiContext): void {
  const live = liveOf(context);
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/live', { websocket: true, schema: followLive }, (socket, request) => {
      const { clientId } = request.query;
      begin(socket, request, live, clientId);
      const out = outletOf(socket, new Promise((resolve) => socket.once('close', () => resolve())));
      watchEvents(context, request, out, { jobs: undefined, lastId: undefined });
      takeWishes(socket, request, context, out);
    });
}

/** What every one of them has: a page that is open as long as it is, a sign of life, an end with the right to come in. */
function begin(socket: WebSocket, request: FastifyRequest, live: Live, clientId: string | undefined): void {
  const leavePage = clientId === undefined ? undefined : live.enter(request, clientId);
  const pings = keepAlive(socket, live);
  const endVisit = live.visits.add(request, (sentence) => closeSocket(socket, NOT_SIGNED_IN, sentence));
  socket.on('close', () => {
    pings.abort();
    endVisit();
    leavePage?.();
  });
}

interface SocketOutlet extends LiveOutlet {
  /** The same for a log. Who follows it there says when it ends. */
  of(log: number): SocketOutlet;
}

function outletOf(socket: WebSocket, closed: Promise<void>, log?: number): SocketOutlet {
  let sent: Promise<void> = Promise.resolve();
  return {
    get isOpen() {
      return socket.readyState === socket.OPEN;
    },
    write({ events }: Pick<LogEvents, 'events'>) {
      if (socket.readyState !== socket.OPEN || events.length === 0) return;
      const told = events.map(({ name, id, data }) => ({ name, data, ...(id === undefined ? {} : { id }) }));
      const message: LiveMessage = { events: told, ...(log === undefined ? {} : { log }) };
      sent = new Promise((resolve) => socket.send(JSON.stringify(message), () => resolve()));
      if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.terminate();
    },
    drained: () => Promise.race([sent, closed]),
    fail: (sentence) => closeSocket(socket, INTERNAL_ERROR, sentence),
    onClose(listener) {
      if (log === undefined) void closed.then(listener);
    },
    of: (number) => outletOf(socket, closed, number),
  };
}

/** Does what the client says, one after the other. */
function takeWishes(socket: WebSocket, request: FastifyRequest, context: ApiContext, events: SocketOutlet): void {
  const logs = new Map<number, () => void>();
  const leave = (number: number) => {
    logs.get(number)?.();
    logs.delete(number);
  };
  const follow = async ({ follow: job, from, as }: { follow: number; from: number; as: number }) => {
    leave(as);
    const out = events.of(as);
    const tell = (event: LiveEvent) => out.write({ events: [event], frames: event.frame });
    const refuse = (message: string) => tell(new LiveEvent('problem', { type: 'problem', message }));
    if (logs.size >= MOST_LOGS) {
      return refuse(`One connection tells at most ${MOST_LOGS} logs. Leave one of them, or open another connection.`);
    }
    if (!(await isTheirs(context, request, job))) return refuse((await jobNotFound(context.store, job)).message);
    tell(new LiveEvent('following', { type: 'following' }));
    logs.set(as, await watchLog(context, request, out, { jobId: job, from }));
    // It may have gone meanwhile.
    if (!out.isOpen) leave(as);
  };
  events.onClose(() => [...logs.keys()].forEach(leave));
  let working: Promise<void> = Promise.resolve();
  let waiting = 0;
  socket.on('message', (data) => {
    const wish = wishIn(String(data));
    if (!wish) return closeSocket(socket, NOT_UNDERSTOOD, 'This is no wish that is known here');
    if (waiting >= MOST_WISHES) return closeSocket(socket, NOT_UNDERSTOOD, 'These are too many wishes at once');
    waiting += 1;
    working = working
      .then(async () => ('leave' in wish ? leave(wish.leave) : await follow(wish)))
      .catch((error) => closeSocket(socket, INTERNAL_ERROR, reportOf(error).message))
      .finally(() => {
        waiting -= 1;
      });
  });
}

function wishIn(text: string) {
  try {
    return liveWish.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function isTheirs({ store }: ApiContext, { caller }: FastifyRequest, job: number): Promise<boolean> {
  const [found] = await jobStandings(store, [job]);
  return found !== undefined && (caller.userId === null || found.user_id === caller.userId);
}
