import { useNavigate } from '@tanstack/react-router';
import { ChevronDown, CornerDownRight, MoreVertical, Rewind, StepForward, Turtle } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Controlled, JobDetails } from '../../api-types.ts';
import { Button, IconButton } from '../../components/Button.tsx';
import { DeleteDialog } from '../../components/DeleteDialog.tsx';
import { actionsFor, type JobAction, useJobAction } from '../../components/job-actions.ts';
import { actionIcons } from '../../components/job-menu.tsx';
import { Menu, type MenuEntry } from '../../components/Menu.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { jobActionWords } from '../../words/job-actions.ts';
import styles from './JobActions.module.css';
import { jobWords } from './words.ts';

/** Before and behind all that has the usual priority. */
const PRIORITIES = { sooner: 10, usual: 0, later: -10 } as const;
/** Stages that can be done again by themselves. */
const STAGES = ['prepare', 'transcribe'] as const;

type ActedOn = Pick<JobDetails, 'id' | 'filename' | 'status' | 'priority'>;

/** What can be done with the job now; what was asked for says at once that it is on its way. */
export function JobActions({ job }: { job: ActedOn }) {
  const words = useWords(jobActionWords);
  const own = useWords(jobWords);
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const { mutate, reset, isPending, error, data, variables } = useJobAction(job.id);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was asked for in one state says nothing of the next
  useEffect(reset, [job.status, reset]);
  const possible = actionsFor(job.status);
  const wished = Array.isArray(variables) ? variables[0] : variables;
  const isStopping =
    job.status === 'processing' &&
    (wished === 'pause' || wished === 'cancel') &&
    (isPending || (data as Controlled | undefined)?.stopping === true);
  const busy = (action: JobAction) => (isPending || isStopping) && wished === action;

  return (
    <div className={styles.actions}>
      <div className={styles.buttons}>
        {possible.includes('resume') && (
          <Button kind="primary" icon={actionIcons.resume} busy={busy('resume')} onClick={() => mutate('resume')}>
            {words.resume}
          </Button>
        )}
        {possible.includes('retry') && (
          <span className={styles.split}>
            {job.status !== 'completed' && (
              <Button kind="primary" icon={actionIcons.retry} busy={busy('retry')} onClick={() => mutate('retry')}>
                {job.status === 'retrying' ? words.retryNow : words.retry}
              </Button>
            )}
            {job.status !== 'retrying' && (
              <Menu
                trigger={
                  job.status === 'completed' ? (
                    <Button icon={actionIcons.retry} busy={busy('retry')}>
                      {words.again}
                      <ChevronDown aria-hidden="true" />
                    </Button>
                  ) : (
                    <IconButton label={own.retryHow}>
                      <ChevronDown />
                    </IconButton>
                  )
                }
                entries={[
                  ...(job.status === 'completed'
                    ? []
                    : [{ label: own.fromCheckpoint, icon: <StepForward />, onSelect: () => mutate('retry') }]),
                  {
                    label: own.fromStart,
                    icon: <Rewind />,
                    onSelect: () => mutate(['retry', { fromStart: true }]),
                  },
                  ...STAGES.map((stage) => ({
                    label: own.oneStage(own.stage[stage] ?? stage),
                    icon: <CornerDownRight />,
                    onSelect: () => mutate(['retry', { stage }]),
                  })),
                ]}
              />
            )}
          </span>
        )}
        {possible.includes('pause') && (
          <Button icon={actionIcons.pause} busy={busy('pause')} disabled={isStopping} onClick={() => mutate('pause')}>
            {words.pause}
          </Button>
        )}
        {possible.includes('cancel') && (
          <Button
            kind="danger"
            icon={actionIcons.cancel}
            busy={busy('cancel')}
            disabled={isStopping && wished === 'cancel'}
            onClick={() => mutate('cancel')}
          >
            {job.status === 'processing' ? words.stop : words.cancel}
          </Button>
        )}
        <Menu
          trigger={
            <IconButton label={own.moreActions}>
              <MoreVertical />
            </IconButton>
          }
          entries={[
            ...(possible.includes('priority') ? [...priorities(), 'line' as const] : []),
            { label: words.delete, icon: actionIcons.delete, danger: true, onSelect: () => setDeleting(true) },
          ]}
        />
      </div>
      <div role="status">
        {isStopping && <Note tone="warn">{wished === 'pause' ? own.pausing : own.stopping}</Note>}
      </div>
      <ProblemNote error={error} />
      {deleting && (
        <DeleteDialog
          job={job}
          onClose={() => setDeleting(false)}
          onDeleted={() => void navigate({ to: '/history', search: {} })}
        />
      )}
    </div>
  );

  function priorities(): MenuEntry[] {
    const to = (priority: number) => () => mutate(['priority', { to: priority }]);
    const { sooner, usual, later } = PRIORITIES;
    return [
      ...(job.priority < sooner ? [{ label: words.sooner, icon: actionIcons.priority, onSelect: to(sooner) }] : []),
      ...(job.priority !== usual ? [{ label: words.usual, icon: actionIcons.priority, onSelect: to(usual) }] : []),
      ...(job.priority > later ? [{ label: own.later, icon: <Turtle />, onSelect: to(later) }] : []),
    ];
  }
}
