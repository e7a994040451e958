/** All that is live of one owner: the streams over its socket and over TCP come from the same readings. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { type Clock, systemClock } from '../../domain/clock.ts';
import { logPath } from '../../supervisor/job-files.ts';
import type { ApiContext } from '../context.ts';
import type { NewsHub } from '../events.ts';
import { type EventStream, eventStream } from '../sse.ts';
import { EventFeed } from './event-feed.ts';
import { Heartbeat } from './heartbeat.ts';
import { type LineWatcher, LogFeed } from './log-feed.ts';
import { ModelNews } from './model-news.ts';
import { Presence, pageOf } from './presence.ts';
import { Present } from './present.ts';
import { Visits } from './visits.ts';

/** How the live part behaves; what is left out has the defaults of the settings. */
export interface LiveOptions {
  /** False: there is no WebSocket. */
  progressWebSocket?: boolean;
  clock?: Clock;
  /** What went wrong where nobody asked. */
  onProblem?(sentence: string): void;
}

const lives = new WeakMap<NewsHub, Live>();

/** The one of the owner whose news these are; made when it is first asked for. */
export function liveOf(context: ApiContext): Live {
  const live = lives.get(context.hub) ?? new Live(context);
  lives.set(context.hub, live);
  return live;
}

export class Live {
  readonly clock: Clock;
  readonly feed: EventFeed;
  readonly present: Present;
  readonly presence: Presence;
  readonly visits: Visits;
  /** Those that are open now, of all kinds. */
  readonly sockets = new Set<WebSocket>();
  readonly #models: ModelNews;
  readonly #heartbeat: Heartbeat;
  readonly #hub: NewsHub;
  readonly #dataDir: string;
  /** Of the jobs whose logs somebody has a stream of, and how many have. */
  readonly #logs = new Map<number, { feed: LogFeed; streams: number }>();
  /** The open streams of each server that has not been closed. */
  readonly #streams = new Map<FastifyInstance['server'], Set<EventStream>>();
  readonly #forgetNews: () => void;

  constructor(context: ApiContext) {
    const { store, hub, dataDir, models } = context;
    this.clock = context.live?.clock ?? systemClock;
    this.#hub = hub;
    this.#dataDir = dataDir;
    this.feed = new EventFeed(store, hub, this.clock);
    this.#models = new ModelNews(models, this.clock, this.feed.tell);
    this.present = new Present(context, this.feed.owners, () => this.#models.present());
    this.presence = new Presence(this.clock);
    this.#heartbeat = new Heartbeat(this.clock);
    this.visits = new Visits(store, this.#heartbeat);
    this.#forgetNews = hub.subscribeToAll((news) => {
      if (news.type === 'logged') void this.#logs.get(news.jobId)?.feed.more();
    });
  }

  /** Streams of server-sent events that are open now. */
  get sseClients(): number {
    return [...this.#streams.values()].reduce((sum, streams) => sum + streams.size, 0);
  }

  /** Ends a server's streams when it closes, and everything with the last server. */
  attach(server: FastifyInstance): void {
    this.#streams.set(server.server, new Set());
    server.addHook('preClose', () => this.#detach(server.server));
  }

  /** Takes a reply over as a stream; the page that it belongs to is open as long as it is. */
  stream(request: FastifyRequest, reply: FastifyReply, clientId: string | undefined): EventStream {
    const stream = eventStream(reply, this.#heartbeat);
    const streams = this.#streams.get(request.server.server);
    streams?.add(stream);
    const leave = clientId === undefined ? undefined : this.enter(request, clientId);
    const endVisit = this.visits.add(request, (sentence) => failStream(stream, sentence));
    stream.onClose(() => {
      streams?.delete(stream);
      endVisit();
      leave?.();
    });
    return stream;
  }

  /** A page has come, by any kind of stream. @returns a function that says that this stream is closed */
  enter(request: FastifyRequest, clientId: string): () => void {
    return this.presence.enter(pageOf(request.caller.userId, clientId));
  }

  /** Tells the lines of a job's log from a position on. @returns what says that the watcher has left */
  followLog(watcher: LineWatcher, jobId: number, from: number): () => void {
    const log = this.#logs.get(jobId) ?? { feed: new LogFeed(logPath(this.#dataDir, jobId)), streams: 0 };
    this.#logs.set(jobId, log);
    log.streams += 1;
    void log.feed.open(watcher, from);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      log.feed.leave(watcher);
      log.streams -= 1;
      if (log.streams === 0) this.#logs.delete(jobId);
    };
  }

  async #detach(server: FastifyInstance['server']): Promise<void> {
    for (const stream of this.#streams.get(server) ?? []) stream.end();
    this.#streams.delete(server);
    if (this.#streams.size > 0) return;
    lives.delete(this.#hub);
    this.#forgetNews();
    this.#models.close();
    this.present.close();
    this.visits.close();
    await this.feed.close();
  }
}

/** Says why, and ends; the client comes again. */
export function failStream(stream: EventStream, message: string): void {
  stream.send('problem', { type: 'problem', message });
  stream.end();
}
