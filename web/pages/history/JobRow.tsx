import { Link } from '@tanstack/react-router';
import { Activity, MoreVertical } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Job } from '../../api-types.ts';
import { Button, IconButton } from '../../components/Button.tsx';
import { DeleteDialog } from '../../components/DeleteDialog.tsx';
import { useJobAction } from '../../components/job-actions.ts';
import { actionIcons, useJobMenu } from '../../components/job-menu.tsx';
import { Menu } from '../../components/Menu.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { ProgressBar } from '../../components/ProgressBar.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { clockTime, inWords, moment, percent } from '../../format.ts';
import { useProgress } from '../../live.ts';
import { useWords } from '../../words/catalogue.ts';
import styles from './JobRow.module.css';
import type { Selection } from './selection.ts';
import { useTouch } from './touch.ts';
import { historyWords } from './words.ts';

/** A recording in the list: what it is, how it stands, and what can be done with it. */
export function JobRow({ job, selection, at }: { job: Job; selection: Selection; at: number }) {
  const words = useWords(historyWords);
  const { error, mutate, isPending } = useJobAction(job.id);
  const [deleting, setDeleting] = useState(false);
  const selected = selection.has(job.id);
  const touch = useTouch({ onLongPress: () => selection.toggle(at, false) });
  const menu = useJobMenu(job, { onAction: mutate, onDelete: () => setDeleting(true) });

  return (
    <article className={`${styles.row} ${selected ? styles.selected : ''}`} aria-busy={isPending || undefined}>
      <div className={styles.behind} aria-hidden={!touch.open} inert={!touch.open}>
        {menu.quick.map(({ action, label, run }) => (
          <Button
            key={action}
            size="s"
            kind={action === 'delete' ? 'danger' : 'plain'}
            icon={actionIcons[action]}
            onClick={() => {
              touch.close();
              run();
            }}
          >
            {label}
          </Button>
        ))}
      </div>
      <div className={styles.front} {...touch.handlers} style={{ transform: `translateX(${touch.offset}px)` }}>
        <label className={styles.tick}>
          <input
            type="checkbox"
            checked={selected}
            onChange={() => undefined}
            onClick={({ shiftKey }) => selection.toggle(at, shiftKey)}
            aria-label={words.select(job.filename)}
          />
        </label>
        <div className={styles.what}>
          <Link to="/jobs/$id" params={{ id: String(job.id) }} className={styles.name} draggable={false}>
            {job.filename}
          </Link>
          <Below job={job} />
        </div>
        <span className={styles.status}>
          <StatusBadge status={job.status} />
        </span>
        <span className={styles.figure} data-figure="">
          {job.durationSeconds > 0 && clockTime(job.durationSeconds)}
        </span>
        <span className={styles.model}>{job.model}</span>
        <time className={styles.figure} dateTime={job.createdAt}>
          {moment(job.createdAt)}
        </time>
        <span className={styles.acts}>
          {job.status === 'processing' && (
            <Link to="/jobs/$id" params={{ id: String(job.id) }} className={styles.monitor}>
              <Activity aria-hidden="true" />
              {words.monitor}
            </Link>
          )}
          <Menu
            trigger={
              <IconButton label={words.actionsOf(job.filename)}>
                <MoreVertical />
              </IconButton>
            }
            entries={menu.entries}
          />
        </span>
      </div>
      {error && (
        <div className={styles.problem}>
          <ProblemNote error={error} />
        </div>
      )}
      {deleting && <DeleteDialog job={job} onClose={() => setDeleting(false)} />}
    </article>
  );
}

/** The second line: how far it is, why it failed, or its place. */
function Below({ job }: { job: Job }): ReactNode {
  const words = useWords(historyWords);
  const told = useProgress(job.id);
  switch (job.status) {
    case 'processing': {
      const done = told?.percent ?? job.progress;
      const left = told?.secondsLeft ?? job.secondsLeft;
      return (
        <div className={styles.progress}>
          <ProgressBar value={done} label={job.filename} />
          <span data-figure="">
            {percent(done)}
            {left !== null && left !== undefined && ` · ${words.left(inWords(left))}`}
          </span>
        </div>
      );
    }
    case 'failed':
    case 'retrying':
      return <p className={styles.reason}>{job.error?.message}</p>;
    case 'pending':
      return job.position === null ? null : <p className={styles.note}>{words.position(job.position)}</p>;
    case 'paused':
      return <p className={styles.note}>{words.pausedAt(percent(job.progress))}</p>;
    case 'completed':
    case 'cancelled':
      return null;
  }
}
