import { Link } from '@tanstack/react-router';
import { Pause, Square } from 'lucide-react';
import type { Queue } from '../../../api-types.ts';
import { Button } from '../../../components/Button.tsx';
import { Card } from '../../../components/Page.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { ProgressBar } from '../../../components/ProgressBar.tsx';
import { inWords, moment, percent, speed } from '../../../format.ts';
import { useProgress } from '../../../live.ts';
import { useWords } from '../../../words/catalogue.ts';
import rows from '../Rows.module.css';
import { stageInWords } from '../stage-words.ts';
import { useControl } from '../useControl.ts';
import { transcribeWords } from '../words.ts';
import styles from './Running.module.css';

type Job = Queue['running'][number];

/** What is worked on at this moment. */
export function Running({ jobs }: { jobs: readonly Job[] }) {
  const words = useWords(transcribeWords).lists;
  if (jobs.length === 0) return null;
  return (
    <Card title={words.inWork}>
      <ul className={rows.list} aria-label={words.inWork}>
        {jobs.map((job) => (
          <RunningRow key={job.id} job={job} />
        ))}
      </ul>
    </Card>
  );
}

function RunningRow({ job }: { job: Job }) {
  const words = useWords(transcribeWords).lists;
  const told = useProgress(job.id);
  const control = useControl(job.id);
  const now = { ...job, ...told };
  const done = told?.percent ?? job.progress;
  // It stays here until the chunk in flight is done.
  const leaving = control.isPending || control.data?.stopping ? control.variables : undefined;
  const { filename: name, chunk, chunks, secondsLeft } = now;
  const facts = [
    chunks === undefined ? undefined : words.chunk(Math.min((chunk ?? 0) + 1, chunks), chunks),
    now.speed ? words.speed(speed(now.speed)) : undefined,
  ].filter(Boolean);
  return (
    <li className={`${rows.row} ${styles.row}`}>
      <div className={rows.text}>
        <Link to="/jobs/$id" params={{ id: String(job.id) }} className={rows.name}>
          {name}
        </Link>
        <p className={rows.facts}>
          {leaving === 'pause' && words.pausing}
          {leaving === 'cancel' && words.stopping}
          {leaving === undefined && stageInWords(now.stage, words.stages, words.processing)}
        </p>
      </div>
      <div className={rows.actions}>
        <Button
          kind="quiet"
          size="s"
          icon={<Pause />}
          aria-label={words.pauseOf(name)}
          disabled={leaving !== undefined}
          onClick={() => control.mutate('pause')}
        >
          {words.pause}
        </Button>
        <Button
          kind="quiet"
          size="s"
          icon={<Square />}
          aria-label={words.stopOf(name)}
          disabled={leaving === 'cancel'}
          onClick={() => control.mutate('cancel')}
        >
          {words.stop}
        </Button>
      </div>
      <div className={rows.wide}>
        <ProgressBar value={done} label={name} tone={leaving ? 'warn' : 'work'} />
        <p className={styles.figures} data-figure="">
          <span className={styles.percent}>{words.complete(percent(done))}</span>
          {facts.length > 0 && <span>{facts.join(' · ')}</span>}
          {secondsLeft != null && (
            <span className={styles.left} title={job.endsAt ? moment(job.endsAt) : undefined}>
              {words.remaining(inWords(secondsLeft))}
            </span>
          )}
        </p>
        <ProblemNote error={control.error} />
      </div>
    </li>
  );
}
