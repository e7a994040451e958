import { useNavigate, useSearch } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { AudioLines, SearchX } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Empty, Loading, Page } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { BulkBar } from './BulkBar.tsx';
import { Filters } from './Filters.tsx';
import styles from './HistoryPage.module.css';
import { JobRow } from './JobRow.tsx';
import { useJobList } from './job-list.ts';
import { StatisticsLine } from './StatisticsLine.tsx';
import { addressOf, isFiltered, type Search, searchOf } from './search.ts';
import { useSelection } from './selection.ts';
import { historyWords } from './words.ts';

/** Before it is measured. */
const ROW_PX = 68;
/** The next page is asked for when so few rows are left below. */
const AHEAD = 30;

/** Every recording that was ever handed in. */
export function HistoryPage() {
  const words = useWords(historyWords);
  const common = useWords(commonWords);
  const address = useSearch({ from: '/history' });
  const navigate = useNavigate();
  const search = useMemo(() => searchOf(address), [address]);
  const { jobs, fresh, reload, error, isPending, isFetching, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useJobList(search);
  const selection = useSelection(jobs);
  const searchesOn = hasNextPage && jobs.length < AHEAD;
  // A search looks through so many jobs at a time, and may have found nothing in the first ones.
  useEffect(() => {
    if (searchesOn && !isFetching) void fetchNextPage();
  }, [searchesOn, isFetching, fetchNextPage]);
  const change = (next: Partial<Search>) =>
    void navigate({ to: '/history', search: addressOf({ ...search, ...next }), replace: true });

  return (
    <Page title={words.title} about={<StatisticsLine />} width="wide">
      <Filters search={search} onChange={change} busy={isFetching} />
      <ProblemNote error={error} />
      <BulkBar selection={selection} search={search} onDone={reload} />
      <p className={styles.fresh} role="status">
        {fresh > 0 && (
          <Button
            size="s"
            onClick={() => {
              window.scrollTo({ top: 0 });
              void reload();
            }}
          >
            {words.fresh(fresh)}
          </Button>
        )}
      </p>
      {isPending && !error && <Loading label={common.loading} />}
      {!isPending && jobs.length === 0 && !hasNextPage && (
        <Nothing filtered={isFiltered(search)} onClear={() => void navigate({ to: '/history', search: {} })} />
      )}
      {jobs.length > 0 && (
        <Rows
          jobs={jobs}
          selection={selection}
          hasMore={hasNextPage && !isFetchingNextPage}
          onMore={() => void fetchNextPage()}
        />
      )}
      {isFetchingNextPage && <Loading label={searchesOn ? words.searching : common.loading} />}
    </Page>
  );
}

type Jobs = ReturnType<typeof useJobList>['jobs'];

function Rows({
  jobs,
  selection,
  hasMore,
  onMore,
}: {
  jobs: Jobs;
  selection: ReturnType<typeof useSelection>;
  hasMore: boolean;
  onMore(): void;
}) {
  const words = useWords(historyWords);
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const rows = useWindowVirtualizer({
    count: jobs.length,
    estimateSize: () => ROW_PX,
    getItemKey: (at) => jobs[at]?.id ?? at,
    scrollMargin: top,
    overscan: 8,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= jobs.length - AHEAD) onMore();
  });
  return (
    <ul ref={list} className={styles.list} style={{ height: rows.getTotalSize() }} aria-label={words.title}>
      {shown.map(({ key, index, start }) => {
        const job = jobs[index];
        if (!job) return null;
        return (
          <li
            key={key}
            ref={rows.measureElement}
            data-index={index}
            className={styles.item}
            style={{ transform: `translateY(${start - rows.options.scrollMargin}px)` }}
            aria-setsize={hasMore ? -1 : jobs.length}
            aria-posinset={index + 1}
          >
            <JobRow job={job} selection={selection} at={index} />
          </li>
        );
      })}
    </ul>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear(): void }) {
  const words = useWords(historyWords);
  const navigate = useNavigate();
  if (filtered) {
    return (
      <Empty icon={<SearchX />} title={words.nothingMatches}>
        <Button onClick={onClear}>{words.clear}</Button>
      </Empty>
    );
  }
  return (
    <Empty icon={<AudioLines />} title={words.nothingYet}>
      <p>{words.nothingYetAbout}</p>
      <Button kind="primary" onClick={() => void navigate({ to: '/' })}>
        {words.toTranscribe}
      </Button>
    </Empty>
  );
}
