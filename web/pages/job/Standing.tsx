import { Link } from '@tanstack/react-router';
import { Archive, FileText } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Job, JobDetails } from '../../api-types.ts';
import { Card } from '../../components/Page.tsx';
import { Note } from '../../components/ProblemNote.tsx';
import { ProgressBar } from '../../components/ProgressBar.tsx';
import { clockTime, inWords, moment, percent, speed } from '../../format.ts';
import { useProgress } from '../../live.ts';
import { useWords, type WordsOf } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import styles from './Standing.module.css';
import { jobWords } from './words.ts';

interface StandingProps {
  job: Job;
  details: JobDetails | undefined;
}

/** Where the job stands: what happens now, until when, and what comes next. */
export function Standing({ job, details }: StandingProps) {
  const words = useWords(jobWords);
  return (
    <Card>
      <Told job={job} details={details} />
      {details && (job.status === 'processing' || job.status === 'pending') && (
        <p className={styles.note}>{words.onLeave[details.onLeave]}</p>
      )}
    </Card>
  );
}

function Told({ job, details }: StandingProps): ReactNode {
  switch (job.status) {
    case 'processing':
      return <AtWork job={job} details={details} />;
    case 'pending':
      return <Waiting job={job} details={details} />;
    case 'retrying':
      return <Retrying job={job} details={details} />;
    case 'paused':
      return <Paused job={job} details={details} />;
    case 'failed':
      return <Failed job={job} details={details} />;
    case 'cancelled':
      return <Cancelled job={job} details={details} />;
    case 'completed':
      return <Completed job={job} />;
  }
}

function AtWork({ job, details }: StandingProps) {
  const words = useWords(jobWords);
  const told = useProgress(job.id);
  const done = told?.percent ?? job.progress;
  const left = told?.secondsLeft ?? job.secondsLeft;
  const stage = told?.stage ?? job.stage;
  const chunks = told?.chunks ?? details?.chunks.total ?? 0;
  const chunk = told?.chunk ?? details?.chunks.complete ?? 0;
  const rate = told?.speed ?? job.speed;
  return (
    <>
      <div className={styles.now}>
        <p className={styles.percent} data-figure="">
          {percent(done)}
        </p>
        <div>
          <p className={styles.stage}>{markIn(words, stage)}</p>
          <p className={styles.soft} data-figure="">
            {left === null || left === undefined
              ? words.reckoning
              : words.doneAt(inWords(left), moment(new Date(Date.now() + left * 1000).toISOString()))}
          </p>
        </div>
      </div>
      <ProgressBar value={done} label={job.filename} />
      <dl className={styles.figures}>
        {chunks > 0 && <Figure name={words.chunk} value={words.chunkOf(chunk, chunks)} />}
        {rate > 0 && <Figure name={words.speed} value={words.realtime(speed(rate))} />}
        {job.durationSeconds > 0 && <Figure name={words.length} value={clockTime(job.durationSeconds)} />}
      </dl>
    </>
  );
}

function Waiting({ job, details }: StandingProps) {
  const words = useWords(jobWords);
  return (
    <>
      <p className={styles.sentence}>{job.position === null ? words.waits : words.waitsAt(job.position)}</p>
      {details?.why && <p>{details.why}</p>}
      <p className={styles.soft}>{startOf(words, details)}</p>
      <Kept job={job} details={details} />
    </>
  );
}

function Retrying({ job, details }: StandingProps) {
  const words = useWords(jobWords);
  return (
    <>
      <p className={styles.sentence}>{details?.why ?? words.triesAgain}</p>
      {job.error && (
        <Note tone="warn">
          <p className={styles.strong}>{job.error.message}</p>
          {job.error.remedy && <p>{job.error.remedy}</p>}
        </Note>
      )}
      <Kept job={job} details={details} />
    </>
  );
}

function Paused({ job, details }: StandingProps) {
  const words = useWords(jobWords);
  const by = details?.pausedBy;
  return (
    <>
      {by && <p className={styles.sentence}>{words.pausedBy[by] ?? words.pausedByOther(by)}</p>}
      {details?.why && <p>{details.why}</p>}
      <Kept job={job} details={details} />
    </>
  );
}

function Failed({ job, details }: StandingProps) {
  const words = useWords(jobWords);
  return (
    <>
      <Note tone="bad">
        <p className={styles.strong}>{job.error?.message ?? words.failed}</p>
        <p>{job.error ? job.error.remedy : words.failedUnknown}</p>
      </Note>
      <Kept job={job} details={details} />
      {details && (
        <p>
          <a className={styles.link} href={`/api/jobs/${job.id}/evidence`} download={`job-${job.id}-evidence.tar.gz`}>
            <Archive aria-hidden="true" />
            {words.evidence}
          </a>
        </p>
      )}
    </>
  );
}

function Cancelled({ job, details }: StandingProps) {
  const words = useWords(jobWords);
  const by = details?.events.findLast(({ to }) => to === 'cancelled');
  // A person's own hand needs no reason; Longhand's does.
  const isOwn = by?.actor !== 'owner' || by.reason === null;
  return (
    <>
      <p className={styles.sentence}>
        {isOwn ? (by ? words.stoppedAt(moment(by.at)) : words.stopped) : words.cancelledAs(by.reason ?? '')}
      </p>
      <Kept job={job} details={details} />
    </>
  );
}

function Completed({ job }: { job: Job }) {
  const words = useWords(jobWords);
  return (
    <div className={styles.done}>
      {job.completedAt && <p className={styles.sentence}>{words.completed(moment(job.completedAt))}</p>}
      <Link to="/jobs/$id" params={{ id: String(job.id) }} search={{}} className={styles.link}>
        <FileText aria-hidden="true" />
        {words.toText}
      </Link>
      <dl className={styles.figures}>
        {job.durationSeconds > 0 && <Figure name={words.length} value={clockTime(job.durationSeconds)} />}
        {job.elapsedSeconds > 0 && <Figure name={words.worked} value={inWords(job.elapsedSeconds)} />}
        {job.speed > 0 && <Figure name={words.speed} value={words.realtime(speed(job.speed))} />}
      </dl>
    </div>
  );
}

/** What is done already is not done again. */
function Kept({ job, details }: StandingProps) {
  const words = useWords(jobWords);
  const common = useWords(commonWords);
  if (!details || details.chunks.complete === 0) return null;
  return (
    <>
      <ProgressBar
        value={job.progress}
        label={common.status[job.status]}
        tone={job.status === 'failed' ? 'bad' : 'warn'}
      />
      <p className={styles.soft}>{words.kept(percent(job.progress))}</p>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-figure="">{value}</dd>
    </div>
  );
}

function startOf(words: WordsOf<typeof jobWords>, details: JobDetails | undefined): string {
  if (!details) return '';
  const { startsAt, endsAt } = details;
  if (startsAt === null) return words.startUnknown;
  return endsAt === null ? words.startsAtOnly(moment(startsAt)) : words.startsAt(moment(startsAt), moment(endsAt));
}

/** The stage in words, as the service tells it in English; the engine's name stands in one of them. */
function markIn(words: WordsOf<typeof jobWords>, stage: string): string {
  const engine = /^Preparing (.+) model\.\.\.$/.exec(stage)?.[1];
  return words.marks[stage] ?? (engine ? words.modelMark(engine) : stage.replace(/\.\.\.$/, ''));
}
