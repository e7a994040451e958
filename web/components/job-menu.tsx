/** The actions on a job as entries of a menu. */
import { CirclePause, CirclePlay, CircleStop, Flag, RotateCcw, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Job } from '../api-types.ts';
import { useWords } from '../words/catalogue.ts';
import { jobActionWords } from '../words/job-actions.ts';
import { type ActionOptions, actionsFor, type JobAction } from './job-actions.ts';
import type { MenuEntry } from './Menu.tsx';

export const actionIcons: Readonly<Record<JobAction, ReactNode>> = {
  pause: <CirclePause />,
  resume: <CirclePlay />,
  retry: <RotateCcw />,
  cancel: <CircleStop />,
  priority: <Flag />,
  delete: <Trash2 />,
};

/** Before all that has the usual priority, 0. */
const SOONER = 10;

interface Handlers {
  onAction(wish: JobAction | [JobAction, ActionOptions]): void;
  /** Something is lost by it, so it is asked first. */
  onDelete(): void;
}

/** @returns all of them, and the two nearest at hand */
export function useJobMenu(job: Pick<Job, 'status' | 'priority'>, { onAction, onDelete }: Handlers) {
  const words = useWords(jobActionWords);
  const all = actionsFor(job.status).map((action) => ({
    action,
    label: action === 'priority' ? words[job.priority >= SOONER ? 'usual' : 'sooner'] : words[labelOf(action, job)],
    run: () => {
      if (action === 'delete') onDelete();
      else if (action === 'priority') onAction(['priority', { to: job.priority >= SOONER ? 0 : SOONER }]);
      // Nothing is left to be done of a finished one. Its text stays as a version.
      else if (action === 'retry' && job.status === 'completed') onAction(['retry', { fromStart: true }]);
      else onAction(action);
    },
  }));
  const entries: MenuEntry[] = all.map(({ action, label, run }) => ({
    label,
    icon: actionIcons[action],
    danger: action === 'delete',
    onSelect: run,
  }));
  const quick = [...all.slice(0, 1), ...all.filter(({ action }) => action === 'delete')];
  return { entries, quick };
}

function labelOf(action: Exclude<JobAction, 'priority'>, { status }: Pick<Job, 'status'>) {
  if (action === 'retry') return status === 'completed' ? 'again' : status === 'retrying' ? 'retryNow' : 'retry';
  if (action === 'cancel') return status === 'processing' ? 'stop' : 'cancel';
  return action;
}
