/**
 * The connection over which the service tells what happens. It is a WebSocket: of connections for streams a browser opens six
 * to one service, for all of its tabs together, and then none is left for anything else. Where something on the way lets no
 * WebSocket through, it is streams all the same (`stream-link.ts`).
 */
import { withQuery } from './client.ts';

/** Something that is told, as in `/api/events`. */
export interface Told {
  name: string;
  data: unknown;
  /** Of a line of a log: the position behind it. */
  id?: number;
  /** What the log was called by who follows it; undefined: what happens to all jobs. */
  log?: number;
}

export interface LinkHandlers {
  told(told: Told): void;
  /** Nothing more is told over this link. */
  lost(): void;
}

export interface Link {
  /** Tells the log of a job too, from a position on, under a number that is used once. */
  follow(log: number, job: number, from: number): void;
  leave(log: number): void;
  close(): void;
}

/** Everything over one WebSocket. */
export function socketLink(clientId: string, { told, lost }: LinkHandlers): Link {
  const address = new URL(withQuery('/api/live', { clientId }), location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address);
  let isClosed = false;
  const wishes: object[] = [];
  const wish = (one: object) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(one));
    else wishes.push(one);
  };
  socket.addEventListener('open', () => {
    if (isClosed) return socket.close();
    for (const one of wishes.splice(0)) wish(one);
  });
  socket.addEventListener('message', ({ data }) => {
    if (isClosed) return;
    const { events, log } = JSON.parse(data as string) as { events: Told[]; log?: number };
    for (const event of events) told(log === undefined ? event : { ...event, log });
  });
  socket.addEventListener('close', () => {
    if (!isClosed) lost();
    isClosed = true;
  });
  return {
    follow: (log, job, from) => wish({ follow: job, from, as: log }),
    leave: (log) => wish({ leave: log }),
    close() {
      isClosed = true;
      // One that is not open yet is closed as soon as it is: browsers complain otherwise.
      if (socket.readyState === WebSocket.OPEN) socket.close();
    },
  };
}
