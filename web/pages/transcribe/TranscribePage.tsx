import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Loading, Page } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { queueQuery, sessionQuery } from '../../queries.ts';
import { loadPart, useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { Intake } from './intake/Intake.tsx';
import { useOutbox } from './outbox/outbox.ts';
import { UploadList } from './outbox/UploadList.tsx';
import { partWords } from './part-words.ts';
import { doneQuery, pausedQuery, planQuery, stoppedQuery } from './queries.ts';
import { transcribeWords } from './words.ts';

const Welcome = lazy(() => import('./start/Welcome.tsx'));
const Lists = lazy(() => import('./Lists.tsx'));
const NoEngine = lazy(() => loadPart(() => import('./start/NoEngine.tsx'), partWords));

/** The first page: recordings go in above, and below is what becomes of them. */
export function TranscribePage() {
  const words = useWords(transcribeWords).page;
  const { data: session } = useQuery(sessionQuery);
  const { data: plan } = useQuery(planQuery({}));
  const owner = session?.caller?.name;
  return (
    <Page title={words.title}>
      {plan?.engine === null && (
        <Suspense>
          <NoEngine />
        </Suspense>
      )}
      {owner !== undefined && (
        <>
          <Intake owner={owner} />
          <UploadList owner={owner} />
        </>
      )}
      <Work />
    </Page>
  );
}

/** What becomes of recordings; before there are any, what this is about. */
function Work() {
  const common = useWords(commonWords);
  const { data: queue, error } = useQuery(queueQuery);
  const { data: done } = useQuery(doneQuery);
  const { data: paused } = useQuery(pausedQuery);
  const { data: stopped } = useQuery(stoppedQuery);
  const isSending = useOutbox().length > 0;
  if (!queue) return error ? <ProblemNote error={error} /> : <Loading label={common.loading} />;
  if (!done || !paused || !stopped) return null;
  const known = [done, paused, stopped].reduce((sum, { jobs }) => sum + jobs.length, 0);
  const isNew = known + queue.running.length + queue.total === 0 && !isSending && !queue.paused;
  return (
    <Suspense>
      {isNew ? <Welcome /> : <Lists queue={queue} paused={paused.jobs} stopped={stopped.jobs} done={done.jobs} />}
    </Suspense>
  );
}
