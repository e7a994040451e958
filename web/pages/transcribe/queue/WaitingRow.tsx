import { Link } from '@tanstack/react-router';
import { Pause, Play, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Job, Queue } from '../../../api-types.ts';
import { Button, IconButton } from '../../../components/Button.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { moment, percent } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import rows from '../Rows.module.css';
import { useControl } from '../useControl.ts';
import { transcribeWords } from '../words.ts';
import styles from './WaitingRow.module.css';

interface WaitingRowProps {
  job: Queue['waiting'][number];
  /** The queue rests; that is said above. */
  isClosed: boolean;
  /** In front of it: its place in the queue, or what it is taken hold of by. */
  place: ReactNode;
}

/** A recording that waits: its place, when it will start, and what else it waits for. */
export function WaitingRow({ job, isClosed, place }: WaitingRowProps) {
  const words = useWords(transcribeWords).lists;
  const control = useControl(job.id);
  const { filename: name, position, startsAt, status, why } = job;
  const facts = [
    status === 'retrying' ? words.triesAgain : words.position(position),
    startsAt === null ? undefined : words.startsAbout(moment(startsAt)),
  ].filter(Boolean);
  return (
    <>
      {place}
      <div className={rows.text}>
        <JobLink id={job.id} name={name} />
        <p className={rows.facts} data-figure="">
          {facts.join(' · ')}
        </p>
        {why !== null && !isClosed && <p className={rows.warn}>{why}</p>}
      </div>
      <div className={rows.actions}>
        {status === 'pending' && (
          <IconButton label={words.pauseOf(name)} disabled={control.isPending} onClick={() => control.mutate('pause')}>
            <Pause />
          </IconButton>
        )}
        <IconButton label={words.cancelOf(name)} disabled={control.isPending} onClick={() => control.mutate('cancel')}>
          <X />
        </IconButton>
      </div>
      {control.error && (
        <div className={rows.wide}>
          <ProblemNote error={control.error} />
        </div>
      )}
    </>
  );
}

/** A recording that somebody has paused: it waits for that person. */
export function RestingRow({ job }: { job: Job }) {
  const words = useWords(transcribeWords).lists;
  const control = useControl(job.id);
  const { id, filename: name, progress } = job;
  return (
    <>
      <Place>
        <Pause aria-hidden="true" />
      </Place>
      <div className={rows.text}>
        <JobLink id={id} name={name} />
        <p className={rows.facts} data-figure="">
          {[progress > 0 ? words.complete(percent(progress)) : undefined, words.pausedByYou]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
      <div className={`${rows.actions} ${rows.wordy}`}>
        <Button
          size="s"
          icon={<Play />}
          aria-label={words.resumeOf(name)}
          busy={control.isPending && control.variables === 'resume'}
          onClick={() => control.mutate('resume')}
        >
          {words.resume}
        </Button>
        <IconButton label={words.cancelOf(name)} disabled={control.isPending} onClick={() => control.mutate('cancel')}>
          <X />
        </IconButton>
      </div>
      {control.error && (
        <div className={rows.wide}>
          <ProblemNote error={control.error} />
        </div>
      )}
    </>
  );
}

function JobLink({ id, name }: { id: number; name: string }) {
  return (
    <Link to="/jobs/$id" params={{ id: String(id) }} className={rows.name}>
      {name}
    </Link>
  );
}

/** A place in the queue, as a mark in front of a row. */
export function Place({ children }: { children: ReactNode }) {
  return (
    <span className={styles.place} aria-hidden="true">
      {children}
    </span>
  );
}
