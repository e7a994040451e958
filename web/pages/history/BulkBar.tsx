import { useMutation } from '@tanstack/react-query';
import { Download, Flag, X } from 'lucide-react';
import { useState } from 'react';
import type { Job } from '../../api-types.ts';
import { Button, IconButton } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { type ActionOptions, actionsFor, type JobAction } from '../../components/job-actions.ts';
import { actionIcons } from '../../components/job-menu.tsx';
import { Menu } from '../../components/Menu.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { saveFile } from '../../components/save-file.ts';
import { useWords } from '../../words/catalogue.ts';
import { jobActionWords } from '../../words/job-actions.ts';
import styles from './BulkBar.module.css';
import { everythingOf, type Outcome, toMany } from './bulk.ts';
import { archiveOf, FORMATS, type Format } from './export.ts';
import type { Search } from './search.ts';
import type { Selection } from './selection.ts';
import { historyWords } from './words.ts';

const ACTIONS = ['pause', 'resume', 'retry', 'cancel', 'delete'] as const satisfies readonly JobAction[];
/** Before and behind what has the usual priority, 0. */
const PRIORITIES = [10, 0, -10] as const;

interface BulkBarProps {
  selection: Selection;
  search: Search;
  /** Something has changed. */
  onDone(): Promise<void>;
}

type Wish = { do: 'act'; action: JobAction; options: ActionOptions } | { do: 'export'; format: Format };
type Result = Outcome & { did: 'act' | 'export' };

/** What is done to all that are ticked. */
export function BulkBar({ selection, search, onDone }: BulkBarProps) {
  const words = useWords(historyWords);
  const actions = useWords(jobActionWords);
  const [count, setCount] = useState(0);
  const [asking, setAsking] = useState(false);
  const { mutate, data, error, isPending, reset } = useMutation<Result, Error, Wish>({
    mutationFn: async (wish) => {
      setCount(0);
      const jobs = selection.all
        ? await everythingOf(search, setCount)
        : selection.jobs.filter(({ id }) => selection.ids.has(id));
      return wish.do === 'act'
        ? await carryOut(jobs, wish.action, wish.options, setCount)
        : await save(jobs, wish.format, setCount);
    },
    onSuccess: async (result) => {
      if (result.did === 'export') return;
      selection.clear();
      await onDone();
    },
  });
  const chosen = selection.jobs.filter(({ id }) => selection.has(id));
  if (chosen.length === 0 && !data && !error) return null;
  const possible = (action: JobAction) => selection.all || chosen.some((job) => isMeant(job, action));

  return (
    <section className={styles.bar} aria-label={words.selected(chosen.length)}>
      {chosen.length > 0 && (
        <div className={styles.line}>
          <strong role="status">
            {selection.all ? words.allSelected : words.selected(chosen.length)}
            {isPending && ` · ${words.soFar(count)}`}
          </strong>
          {!selection.all && (
            <Button size="s" kind="quiet" onClick={selection.everything}>
              {words.selectAll}
            </Button>
          )}
          <span className={styles.acts}>
            {ACTIONS.filter(possible).map((action) => (
              <Button
                key={action}
                size="s"
                kind={action === 'delete' ? 'danger' : 'plain'}
                icon={actionIcons[action]}
                disabled={isPending}
                onClick={() => (action === 'delete' ? setAsking(true) : mutate({ do: 'act', action, options: {} }))}
              >
                {actions[action]}
              </Button>
            ))}
            {possible('priority') && (
              <Menu
                trigger={
                  <Button size="s" icon={<Flag />} disabled={isPending}>
                    {words.priority}
                  </Button>
                }
                entries={PRIORITIES.map((to) => ({
                  label: words.priorities[to],
                  onSelect: () => mutate({ do: 'act', action: 'priority', options: { to } }),
                }))}
              />
            )}
            {(selection.all || chosen.some(({ status }) => status === 'completed')) && (
              <Menu
                trigger={
                  <Button size="s" icon={<Download />} disabled={isPending}>
                    {words.export}
                  </Button>
                }
                entries={FORMATS.map((format) => ({
                  label: words.formats[format],
                  onSelect: () => mutate({ do: 'export', format }),
                }))}
              />
            )}
            <IconButton label={words.unselect} onClick={selection.clear}>
              <X />
            </IconButton>
          </span>
        </div>
      )}
      <ProblemNote error={error} />
      {data && <ResultNote result={data} onClose={reset} />}
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={words.deleteMany(selection.all ? undefined : chosen.length)}
        about={words.deleteManyAbout}
        actions={
          <>
            <Button onClick={() => setAsking(false)}>{actions.keep}</Button>
            <Button
              kind="danger"
              onClick={() => {
                setAsking(false);
                mutate({ do: 'act', action: 'delete', options: {} });
              }}
            >
              {actions.deleteConfirm}
            </Button>
          </>
        }
      />
    </section>
  );
}

/** What is done to many leaves finished ones as they are, unless they are deleted. */
function isMeant({ status }: Job, action: JobAction): boolean {
  return actionsFor(status).includes(action) && !(action === 'retry' && status === 'completed');
}

async function carryOut(
  jobs: readonly Job[],
  action: JobAction,
  options: ActionOptions,
  onCount: (count: number) => void,
): Promise<Result> {
  const ids = jobs.filter((job) => isMeant(job, action)).map(({ id }) => id);
  return { did: 'act', ...(await toMany(ids, action, options, onCount)) };
}

async function save(jobs: readonly Job[], format: Format, onCount: (count: number) => void): Promise<Result> {
  const done = jobs.filter(({ status }) => status === 'completed');
  const { content, count, refused } = await archiveOf(done, format, onCount);
  if (count > 0) saveFile(content, `longhand-${format}.zip`);
  return { did: 'export', done: count, refused };
}

function ResultNote({ result, onClose }: { result: Result; onClose(): void }) {
  const words = useWords(historyWords);
  const refused = [...result.refused];
  return (
    <Note tone={refused.length > 0 ? 'warn' : 'good'} role="status">
      <p>{result.did === 'act' ? words.done(result.done) : words.exported(result.done)}</p>
      {refused.map(([why, count]) => (
        <p key={why}>{words.refused(count, why)}</p>
      ))}
      <div>
        <Button size="s" kind="quiet" onClick={onClose}>
          {words.understood}
        </Button>
      </div>
    </Note>
  );
}
