import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Job, JobProcess } from '../../api-types.ts';
import { Page } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { clockTime, moment } from '../../format.ts';
import { useProgress } from '../../live.ts';
import { detailsQuery, keys, queryClient } from '../../queries.ts';
import { markSeen } from '../../seen-failures.ts';
import { useWords } from '../../words/catalogue.ts';
import { Artifacts } from './Artifacts.tsx';
import { History } from './History.tsx';
import { JobActions } from './JobActions.tsx';
import styles from './JobPage.module.css';
import { LogCard } from './log/LogCard.tsx';
import { processQuery } from './queries.ts';
import { Runs } from './Runs.tsx';
import { StageRail } from './StageRail.tsx';
import { Standing } from './Standing.tsx';
import { Machine } from './usage/Machine.tsx';
import { useGone } from './use-gone.ts';
import { jobWords } from './words.ts';

/** A recording on its way to text: what happens to it now, when it will be done, and what one can do. */
export function JobPage({ job }: { job: Job }) {
  const words = useWords(jobWords);
  const isAtWork = job.status === 'processing';
  const { data: details, error } = useQuery(detailsQuery(job.id));
  const { data, dataUpdatedAt } = useQuery(processQuery(job.id, isAtWork));
  const process: JobProcess | undefined = isAtWork ? data : undefined;
  const isGone = useGone(process, dataUpdatedAt);
  useStages(job);
  useEffect(() => markSeen(job), [job]);
  const run = details?.runs.at(-1)?.number ?? 1;

  return (
    <Page
      title={job.filename}
      width="wide"
      about={
        <span className={styles.about}>
          <StatusBadge status={job.status} />
          {isAtWork && run > 1 && <span className={styles.mark}>{words.resumed(run)}</span>}
          <span>{[job.engine, job.model, job.language].filter(Boolean).join(' · ')}</span>
          {job.durationSeconds > 0 && <span data-figure="">{clockTime(job.durationSeconds)}</span>}
          <time dateTime={job.createdAt}>{moment(job.createdAt)}</time>
          {job.priority !== 0 && <span>{words.priority(job.priority)}</span>}
        </span>
      }
      actions={<JobActions key={job.id} job={job} />}
    >
      <ProblemNote error={details ? null : error} />
      <div className={styles.columns}>
        <div className={styles.column}>
          <Standing job={job} details={details} />
          {isGone && (
            <Note tone="warn" role="status">
              <p className={styles.strong}>{words.processGone}</p>
              <p>{words.processGoneAbout}</p>
            </Note>
          )}
          <div className={styles.onPhone}>{details && <StageRail details={details} />}</div>
          <LogCard key={job.id} job={job} isGone={isGone} />
        </div>
        <div className={`${styles.column} ${styles.side}`}>
          <div className={styles.onDesk}>{details && <StageRail details={details} />}</div>
          <Machine job={job} process={process} />
        </div>
      </div>
      {details && (
        <>
          <div className={styles.pair}>
            <Runs runs={details.runs} />
            <History lines={details.history} />
          </div>
          <Artifacts artifacts={details.artifacts} />
        </>
      )}
    </Page>
  );
}

/** A stage begins and ends without the job changing: its progress says so. */
function useStages({ id, status }: Job): void {
  const stage = useProgress(id)?.stage;
  useEffect(() => {
    if (stage !== undefined && status === 'processing') {
      void queryClient.invalidateQueries({ queryKey: keys.details(id) });
    }
  }, [stage, id, status]);
}
