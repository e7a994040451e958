import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ChevronDown, ChevronUp, History, Pause, RefreshCw } from 'lucide-react';
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react';
import { Button, IconButton } from '../../../components/Button.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { useWords } from '../../../words/catalogue.ts';
import { jobWords } from '../words.ts';
import { LogRow } from './LogRow.tsx';
import styles from './LogView.module.css';
import { MOST_LINES } from './log-lines.ts';
import { useLog } from './use-log.ts';

const ROW_PX = 21;
/** Nearer to the end than this is at the end. */
const END_PX = 24;
/** What one begins with, and all that is asked for when somebody wants to see more. */
const LAST_LINES = 50;
/** Somebody who follows the log for hours looks at its end: so many lines are held then, and its memory does not grow. */
const FOLLOWED_LINES = 2_000;

interface LogViewProps {
  jobId: number;
  /** So many of the last lines at least. */
  atLeast?: number;
}

/** The log of a job: its end, and what is added to it as it is written. */
export function LogView({ jobId, atLeast = LAST_LINES }: LogViewProps) {
  const words = useWords(jobWords);
  const [wantsAll, setWantsAll] = useState(false);
  const [refresh, setRefresh] = useState(true);
  const wanted = wantsAll ? MOST_LINES : Math.max(LAST_LINES, atLeast);
  const [query, setQuery] = useState('');
  const [current, setCurrent] = useState<number>();
  const [following, setFollowing] = useState(true);
  // Nothing goes from under the eyes of somebody who has left the end.
  const most = following ? Math.max(FOLLOWED_LINES, wanted) : MOST_LINES;
  const { lines, state, problem } = useLog(jobId, { lines: wanted, refresh, most, gap: words.logGap });
  /** The number behind the last line when following stopped. */
  const [left, setLeft] = useState(0);
  const place = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const lastFirst = useRef(0);

  const rows = useVirtualizer({
    count: lines.count,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    getItemKey: (at) => lines.first + at,
    overscan: 12,
  });
  // What went away above must not move what is being read. Its height is known until the rows are laid out anew.
  const gone = lines.first - lastFirst.current;
  const goneHeight = gone > 0 ? (rows.measurementsCache[gone]?.start ?? 0) : 0;
  const shown = rows.getVirtualItems();
  const height = rows.getTotalSize();

  useLayoutEffect(() => {
    // The height of a line that takes more than one row is kept under its number, also when the line has gone.
    for (let number = lastFirst.current; number < lines.first; number++) rows.itemSizeCache.delete(number);
    lastFirst.current = lines.first;
    const { current: box } = place;
    if (!box) return;
    if (following) box.scrollTop = box.scrollHeight;
    else if (goneHeight > 0) box.scrollTop -= goneHeight;
    lastTop.current = box.scrollTop;
  });

  const scrolled = () => {
    const { current: box } = place;
    if (!box) return;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;
    if (following && !atEnd && box.scrollTop < lastTop.current) stopFollowing();
    else if (!following && atEnd && box.scrollTop > lastTop.current) setFollowing(true);
    lastTop.current = box.scrollTop;
  };
  const stopFollowing = () => {
    setLeft(lines.end);
    setFollowing(false);
  };

  const found = lines.find(query.trim());
  const foundAt = current === undefined ? -1 : found.indexOf(current);
  const goTo = (step: 1 | -1) => {
    if (found.length === 0) return;
    // The nearest to the end first: that is what is on the screen.
    const next = foundAt === -1 ? (step === 1 ? 0 : found.length - 1) : foundAt + step;
    const number = found[(next + found.length) % found.length] ?? 0;
    setCurrent(number);
    stopFollowing();
    rows.scrollToIndex(number - lines.first, { align: 'center' });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter') goTo(event.shiftKey ? 1 : -1);
    else if (event.key === 'Escape') setQuery('');
    else return;
    event.preventDefault();
  };

  const fresh = following ? 0 : lines.end - Math.max(left, lines.first);
  return (
    <div className={styles.log}>
      <div className={styles.tools}>
        <div className={styles.find}>
          <input
            type="search"
            className={styles.input}
            value={query}
            placeholder={words.findInLog}
            aria-label={words.findInLog}
            onChange={({ target }) => {
              setQuery(target.value);
              setCurrent(undefined);
            }}
            onKeyDown={onKey}
          />
          {query.trim() !== '' && (
            <>
              <span className={styles.count} role="status" data-figure="">
                {found.length === 0 ? words.notFound : words.found(foundAt + 1, found.length)}
              </span>
              <IconButton label={words.previous} onClick={() => goTo(-1)} disabled={found.length === 0}>
                <ChevronUp />
              </IconButton>
              <IconButton label={words.next} onClick={() => goTo(1)} disabled={found.length === 0}>
                <ChevronDown />
              </IconButton>
            </>
          )}
        </div>
        <label className={styles.follow}>
          <input
            type="checkbox"
            checked={following}
            onChange={({ target }) => (target.checked ? setFollowing(true) : stopFollowing())}
          />
          {words.follow}
        </label>
        <Button size="s" icon={refresh ? <Pause /> : <RefreshCw />} onClick={() => setRefresh(!refresh)}>
          {refresh ? words.stopRefresh : words.refresh}
        </Button>
        {!wantsAll && lines.end >= LAST_LINES && (
          <Button size="s" icon={<History />} onClick={() => setWantsAll(true)}>
            {words.earlier}
          </Button>
        )}
      </div>
      <ProblemNote error={problem} />
      <div className={styles.frame}>
        <div
          ref={place}
          className={styles.place}
          // A flood of lines is not read out; whoever wants to hear them goes there.
          role="log"
          aria-live="off"
          aria-label={words.log}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          tabIndex={0}
          onScroll={scrolled}
        >
          {lines.count === 0 && (
            <p className={styles.note}>{state === 'opening' ? words.logLoading : words.logEmpty}</p>
          )}
          <div className={styles.rows} style={{ height }}>
            {shown.map(({ key, index, start }) => {
              const number = lines.first + index;
              return (
                <div
                  key={key}
                  ref={rows.measureElement}
                  data-index={index}
                  className={`${styles.row} ${number === current ? styles.current : ''}`}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <LogRow line={lines.line(number)} found={query.trim()} />
                </div>
              );
            })}
          </div>
        </div>
        {!following && (
          <Button
            size="s"
            kind="primary"
            className={styles.toEnd}
            icon={<ArrowDown />}
            onClick={() => setFollowing(true)}
          >
            {fresh > 0 ? words.newLines(fresh) : words.toEnd}
          </Button>
        )}
      </div>
      <p className={styles.note}>
        {state === 'away' ? words.logAway : words.logLines(lines.count)}
        {lines.first > 0 && ` · ${words.dropped(lines.first)}`}
      </p>
    </div>
  );
}
