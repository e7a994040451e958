import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { ProblemError, send, withQuery } from '../../../client.ts';
import { live } from '../../../live.ts';
import { LogLines } from './log-lines.ts';

/** How long after a service that did not answer it is asked again. */
const REOPEN_MS = 1_000;

export type LogState = 'opening' | 'live' | 'away' | 'stopped';

interface LogOptions {
  /** So many of the last lines to begin with. */
  lines: number;
  /** False: what is there stays, and nothing more comes until it is true again. */
  refresh: boolean;
  /** So many of the newest lines are held. */
  most: number;
  /** Stands in place of lines that are no longer kept. */
  gap: string;
}

/** The end of a job's log, and what is added to it. After a break it goes on where it was. */
export function useLog(jobId: number, { lines: wanted, refresh, most, gap }: LogOptions) {
  const [lines] = useState(() => new LogLines());
  const [state, setState] = useState<LogState>('opening');
  const [problem, setProblem] = useState<ProblemError>();
  const position = useRef<{ of: string; at: number } | undefined>(undefined);
  useSyncExternalStore(lines.watch, () => lines.version);
  useEffect(() => lines.hold(most), [lines, most]);

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
    const closing = new AbortController();
    const { signal } = closing;
    let leave: (() => void) | undefined;
    let reopen: ReturnType<typeof setTimeout> | undefined;
    const openAgain = () => {
      setState('away');
      reopen = setTimeout(open, REOPEN_MS);
    };
    const begin = async () => {
      // What is there comes as one text: a hundred thousand lines as so many events are more than a stream takes at once.
      const path = withQuery(`/api/jobs/${jobId}/log`, { lines: wanted });
      const answer = await send('GET', path, undefined, signal);
      const text = await answer.text();
      if (signal.aborted) return;
      if (text !== '') for (const line of text.replace(/\n$/, '').split('\n')) lines.add(line);
      position.current = { of, at: Number(answer.headers.get('x-log-position') ?? 0) };
    };
    const follow = (from: number) => {
      leave = live.followLog(jobId, from, {
        line(line, at) {
          position.current = { of, at };
          lines.add(line);
        },
        gap(at) {
          position.current = { of, at };
          lines.add(gap);
        },
        state: (isLive) => setState(isLive ? 'live' : 'away'),
      });
    };
    const open = async () => {
      try {
        if (!position.current) await begin();
      } catch (error) {
        if (signal.aborted) return;
        setProblem(error instanceof ProblemError ? error : undefined);
        if (!(error instanceof ProblemError)) openAgain();
        return;
      }
      if (position.current && !signal.aborted) follow(position.current.at);
    };
    setProblem(undefined);
    void open();
    return () => {
      closing.abort();
      clearTimeout(reopen);
      leave?.();
    };
  }, [jobId, wanted, refresh, gap, lines]);

  return { lines, state, problem };
}
