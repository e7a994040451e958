/** The connection of `live-link.ts` where no WebSocket comes through; loaded when that is found out. */
import { withQuery } from './client.ts';
import type { Link, LinkHandlers } from './live-link.ts';

const EVENTS = [
  ...[
    'ready',
    'reset',
    'submitted',
    'state',
    'changed',
    'deleted',
    'queue',
    'settled',
    'length',
    'waiting',
    'progress',
  ],
  ...['model', 'access', 'settings', 'log', 'problem'],
];
const LOG_EVENTS = ['line', 'reset', 'problem'];

/** Everything over streams of events: one for what happens to all jobs, and one for each log. */
export function streamLink(clientId: string, { told, lost }: LinkHandlers): Link {
  const logs = new Map<number, EventSource>();
  const close = () => {
    events.close();
    for (const log of logs.values()) log.close();
  };
  const open = (path: string, names: readonly string[], log?: number): EventSource => {
    const source = new EventSource(path);
    for (const name of names) {
      source.addEventListener(name, ({ data, lastEventId }) => {
        const id = lastEventId === '' ? {} : { id: Number(lastEventId) };
        told({ name, data: JSON.parse(data as string), ...id, ...(log === undefined ? {} : { log }) });
      });
    }
    source.addEventListener('error', () => {
      close();
      lost();
    });
    return source;
  };
  const events = open(withQuery('/api/events', { clientId }), EVENTS);
  return {
    follow(log, job, from) {
      const source = open(withQuery(`/api/jobs/${job}/log/events`, { lastEventId: from }), LOG_EVENTS, log);
      source.addEventListener('open', () => told({ name: 'following', data: {}, log }));
      logs.set(log, source);
    },
    leave(log) {
      logs.get(log)?.close();
      logs.delete(log);
    },
    close,
  };
}
