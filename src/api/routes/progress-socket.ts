/** `GET /api/transcription/:id/progress`: a job's progress over a WebSocket, as `{progress, stage, eta, status}`. */
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { WebSocket } from 'ws';
import { reportOf } from '../../domain/errors.ts';
import { awaitsPerson } from '../../domain/job.ts';
import { jobNotFound } from '../../jobs/errors.ts';
import { viewOf } from '../../jobs/view.ts';
import { getJob, type JobSummary } from '../../store/jobs.ts';
import type { ApiContext } from '../context.ts';
import type { Watcher } from '../live/event-feed.ts';
import { HEARTBEAT_MS } from '../live/heartbeat.ts';
import { type Live, liveOf } from '../live/live.ts';
import { followProgress, type ProgressMessage } from '../schemas/progress.ts';
import { MAX_WAITING_BYTES } from '../sse.ts';

/** RFC 6455, 7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;
/** Codes from 4000 on are the application's own (7.4.2); these are read like the status of HTTP. */
const NOT_FOUND = 4404;
const NOT_SIGNED_IN = 4401;
/** A close frame has room for 125 bytes, two of which are the code (5.5). */
const MAX_REASON_BYTES = 123;
/** Clients have nothing to say here. */
const MAX_PAYLOAD_BYTES = 1024;

type ProgressReport = NonNullable<ReturnType<ApiContext['queue']['progressOf']>>;

/** Registers it, before any other route. */
export async function progressSocket(server: FastifyInstance, context: ApiContext): Promise<void> {
  if (context.live?.progressWebSocket === false) return;
  await server.register(websocket, {
    options: { maxPayload: MAX_PAYLOAD_BYTES },
    preClose(this: FastifyInstance, done) {
      endAll(this);
      done();
    },
  });
  const live = liveOf(context);
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/transcription/:id/progress', { websocket: true, schema: followProgress }, (socket, request) =>
      follow(socket, request, { context, live, ...request.params, ...request.query }),
    );
}

function messageOf(job: JobSummary, live: ProgressReport | undefined): ProgressMessage {
  // Its runner may be on its last word yet.
  const { status, progress, stage, secondsLeft } = viewOf(
    job,
    undefined,
    job.status === 'processing' ? live : undefined,
  );
  return {
    progress: Math.round(progress * 10) / 10,
    stage,
    eta: secondsLeft === null ? null : Math.ceil(secondsLeft),
    status,
  };
}

function endAll({ websocketServer }: FastifyInstance): void {
  for (const client of websocketServer.clients) {
    client.close(GOING_AWAY, 'The service ends');
    // Nobody waits for a client that does not answer.
    setImmediate(() => client.terminate());
  }
  websocketServer.close();
}

interface Followed {
  context: ApiContext;
  live: Live;
  id: number;
  clientId?: string | undefined;
}

function follow(socket: WebSocket, request: FastifyRequest, { context, live, id, clientId }: Followed): void {
  const { store, queue } = context;
  const { userId } = request.caller;
  const isOpen = () => socket.readyState === socket.OPEN;
  const leavePage = clientId === undefined ? undefined : live.enter(request, clientId);
  const pings = keepAlive(socket, live);
  const endVisit = live.visits.add(request, (sentence) => close(socket, NOT_SIGNED_IN, sentence));
  let last = '';
  let sending: Promise<void> = Promise.resolve();

  const sendNow = async () => {
    const job = isOpen() ? await getJob(store, id) : undefined;
    if (!isOpen()) return;
    if (!job || (userId !== null && job.user_id !== userId)) {
      return close(socket, NOT_FOUND, (await jobNotFound(store, id)).message);
    }
    const message = JSON.stringify(messageOf(job, queue.progressOf(id)));
    if (message !== last) socket.send(message);
    last = message;
    if (socket.bufferedAmount > MAX_WAITING_BYTES) return socket.terminate();
    if (awaitsPerson(job.status, job.paused_by)) close(socket, NORMAL, `The job is ${job.status}`);
  };
  const send = () => {
    sending = sending.then(sendNow).catch((error) => close(socket, INTERNAL_ERROR, reportOf(error).message));
  };

  const watcher: Watcher = {
    ...{ jobs: new Set([id]), userId, take: send, drained: () => sending },
    get isOpen() {
      return isOpen();
    },
    fail: (sentence) => close(socket, INTERNAL_ERROR, sentence),
  };
  socket.on('close', () => {
    pings.abort();
    endVisit();
    leavePage?.();
    live.feed.leave(watcher);
  });
  void live.feed.open(watcher, undefined, { prepare: async () => undefined, greet: send });
}

/** Asks for a sign of life, and cuts off who has given none since the last time. */
function keepAlive(socket: WebSocket, { clock }: Live): AbortController {
  const closed = new AbortController();
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const beat = async () => {
    for (;;) {
      await clock.sleep(HEARTBEAT_MS, closed.signal);
      if (!isAlive) return socket.terminate();
      isAlive = false;
      socket.ping();
    }
  };
  beat().catch(() => {
    if (!closed.signal.aborted) socket.terminate();
  });
  return closed;
}

function close(socket: WebSocket, code: number, reason: string): void {
  let text = reason;
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1);
  socket.close(code, text);
}
