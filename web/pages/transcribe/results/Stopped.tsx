import { Link } from '@tanstack/react-router';
import { CircleAlert, CircleSlash, Play, RotateCcw } from 'lucide-react';
import type { Job } from '../../../api-types.ts';
import { Button } from '../../../components/Button.tsx';
import { Card } from '../../../components/Page.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { useWords } from '../../../words/catalogue.ts';
import rows from '../Rows.module.css';
import { useControl } from '../useControl.ts';
import { transcribeWords } from '../words.ts';

/** What came to no end, with the reason, and how it goes on. */
export function Stopped({ jobs }: { jobs: readonly Job[] }) {
  const words = useWords(transcribeWords).lists;
  if (jobs.length === 0) return null;
  return (
    <Card title={words.attention}>
      <ul className={rows.list} aria-label={words.attention}>
        {jobs.map((job) => (
          <li key={job.id} className={rows.row}>
            {job.status === 'failed' ? (
              <CircleAlert className={rows.badMark} aria-hidden="true" />
            ) : (
              <CircleSlash aria-hidden="true" />
            )}
            <StoppedRow job={job} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function StoppedRow({ job }: { job: Job }) {
  const words = useWords(transcribeWords).lists;
  const control = useControl(job.id);
  const { id, filename: name, status, error } = job;
  const isFailed = status === 'failed';
  return (
    <>
      <div className={rows.text}>
        <Link to="/jobs/$id" params={{ id: String(id) }} className={rows.name}>
          {name}
        </Link>
        {isFailed ? (
          <>
            <p className={rows.bad}>{[words.failed, error?.message].filter(Boolean).join(': ')}</p>
            {error?.remedy && <p className={rows.facts}>{error.remedy}</p>}
          </>
        ) : (
          <p className={rows.facts}>{`${words.cancelled}. ${words.cancelledAbout}`}</p>
        )}
      </div>
      <div className={`${rows.actions} ${rows.wordy}`}>
        <Button
          size="s"
          icon={isFailed ? <RotateCcw /> : <Play />}
          aria-label={isFailed ? words.retryOf(name) : words.resumeOf(name)}
          busy={control.isPending}
          onClick={() => control.mutate(isFailed ? 'retry' : 'resume')}
        >
          {isFailed ? words.retry : words.resume}
        </Button>
      </div>
      {control.error && (
        <div className={rows.wide}>
          <ProblemNote error={control.error} />
        </div>
      )}
    </>
  );
}
