/** `GET /api/transcription/:id/progress`: a job's progress over a WebSocket, as `{progress, stage, eta, status}`. */
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
import { type Live, liveOf } from '../live/live.ts';
import { followProgress, type ProgressMessage } from '../schemas/progress.ts';
import { closeSocket, INTERNAL_ERROR, keepAlive, NORMAL, NOT_FOUND, NOT_SIGNED_IN } from '../sockets.ts';
import { MAX_WAITING_BYTES } from '../sse.ts';

type ProgressReport = NonNullable<ReturnType<ApiContext['queue']['progressOf']>>;

/** Registers it, after `registerSockets`. */
export function progressSocket(server: FastifyInstance, context: ApiContext): void {
  if (context.live?.progressWebSocket === false) return;
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
  const endVisit = live.visits.add(request, (sentence) => closeSocket(socket, NOT_SIGNED_IN, sentence));
  let last = '';
  let sending: Promise<void> = Promise.resolve();

  const sendNow = async () => {
    const job = isOpen() ? await getJob(store, id) : undefined;
    if (!isOpen()) return;
    if (!job || (userId !== null && job.user_id !== userId)) {
      return closeSocket(socket, NOT_FOUND, (await jobNotFound(store, id)).message);
    }
    const message = JSON.stringify(messageOf(job, queue.progressOf(id)));
    if (message !== last) socket.send(message);
    last = message;
    if (socket.bufferedAmount > MAX_WAITING_BYTES) return socket.terminate();
    if (awaitsPerson(job.status, job.paused_by)) closeSocket(socket, NORMAL, `The job is ${job.status}`);
  };
  const send = () => {
    sending = sending.then(sendNow).catch((error) => closeSocket(socket, INTERNAL_ERROR, reportOf(error).message));
  };

  const watcher: Watcher = {
    ...{ jobs: new Set([id]), userId, take: send, drained: () => sending },
    get isOpen() {
      return isOpen();
    },
    fail: (sentence) => closeSocket(socket, INTERNAL_ERROR, sentence),
  };
  socket.on('close', () => {
    pings.abort();
    endVisit();
    leavePage?.();
    live.feed.leave(watcher);
  });
  void live.feed.open(watcher, undefined, { prepare: async () => undefined, greet: send });
}
