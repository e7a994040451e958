import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { withQuery } from '../../../client.ts';
import { LogLines } from './log-lines.ts';

/** How long after a break the stream is tried again, when the browser has given it up. */
const REOPEN_MS = 1_000;

export type LogState = 'opening' | 'live' | 'away' | 'stopped';

interface LogOptions {
  /** So many of the last lines to begin with. */
  lines: number;
  /** False: what is there stays, and nothing more comes until it is true again. */
  refresh: boolean;
  /** Stands in place of lines that are no longer kept. */
  gap: string;
}

/** The end of a job's log, and what is added to it. After a break it goes on where it was. */
export function useLog(jobId: number, { lines: wanted, refresh, gap }: LogOptions) {
  const [lines] = useState(() => new LogLines());
  const [state, setState] = useState<LogState>('opening');
  const position = useRef<{ of: string; at: string } | undefined>(undefined);
  useSyncExternalStore(lines.watch, () => lines.version);

  useEffect(() => {
    if (!refresh) {
      setState('stopped');
      return;
    }
    const of = `${jobId} ${wanted}`;
    if (position.current?.of !== of) {
      position.current = undefined;
      lines.clear();
    }
    let source: EventSource;
    let reopen: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      const from = position.current ? { lastEventId: position.current.at } : { lines: wanted };
      source = new EventSource(withQuery(`/api/jobs/${jobId}/log/events`, from));
      source.addEventListener('open', () => setState('live'));
      source.addEventListener('line', ({ data, lastEventId }) => {
        position.current = { of, at: lastEventId };
        lines.add((JSON.parse(data as string) as { line: string }).line);
      });
      source.addEventListener('reset', ({ lastEventId }) => {
        position.current = { of, at: lastEventId };
        lines.add(gap);
      });
      source.addEventListener('error', () => {
        setState('away');
        if (source.readyState === EventSource.CLOSED) reopen = setTimeout(open, REOPEN_MS);
      });
    };
    open();
    return () => {
      clearTimeout(reopen);
      source.close();
    };
  }, [jobId, wanted, refresh, gap, lines]);

  return { lines, state };
}
