import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { clockTime } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { Comparison, Runs } from './Comparison.tsx';
import styles from './Dialogs.module.css';
import { type Doc, type DocSegment, nameOf } from './document.ts';
import { versionsQuery } from './queries.ts';
import { transcriptWords } from './words.ts';

interface ConflictDialogProps {
  id: number;
  /** The version that was changed here. */
  base: number;
  /** The version that is there now. */
  newest: number;
  saved: Doc;
  doc: Doc;
  onKeepMine(): void;
  onTakeTheirs(): void;
  onClose(): void;
}

/** Two have changed the same version: what both did, and which goes on. */
export function ConflictDialog({ id, base, newest, saved, doc, ...choices }: ConflictDialogProps) {
  const words = useWords(transcriptWords);
  const [sees, setSees] = useState(false);
  const { data } = useQuery(versionsQuery(id));
  const author = data?.versions.find(({ number }) => number === newest)?.author ?? words.somebody;
  const mine = doc.segments
    .map((segment) => ({ ...segment, was: textBefore(saved, doc, segment) }))
    .filter(({ text, was }) => text !== was);
  return (
    <Dialog
      open
      onClose={choices.onClose}
      title={words.conflictTitle}
      about={words.conflictAbout(author, newest, base)}
      actions={
        <>
          {!sees && <Button onClick={() => setSees(true)}>{words.seeBoth}</Button>}
          <Button kind="danger" onClick={choices.onTakeTheirs}>
            {words.takeTheirs}
          </Button>
          <Button kind="primary" onClick={choices.onKeepMine}>
            {words.keepMine}
          </Button>
        </>
      }
    >
      {sees && (
        <>
          <h3>{words.theirs}</h3>
          <Comparison
            id={id}
            from={base}
            to={newest}
            onSeek={() => undefined}
            nameOf={(key) => nameOf(doc, key) ?? key}
          />
          <h3>{words.mine}</h3>
          <ul className={styles.mine}>
            {mine.map(({ index, startMs, text, was }) => (
              <li key={index}>
                <span data-figure="">{clockTime(startMs / 1000)}</span>
                <Runs
                  runs={[
                    { type: 'delete', text: was },
                    { type: 'insert', text: ` ${text}` },
                  ]}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}

/** What stood where a segment is now; of one that was cut, its first part has all of that. */
function textBefore(saved: Doc, doc: Doc, { index, from, to, text }: DocSegment): string {
  if (doc.isWhole) return saved.segments.some((one) => one.text === text) ? text : '';
  const isRest = doc.segments[index - 1]?.to === from;
  return saved.segments
    .slice(isRest ? from + 1 : from, to + 1)
    .map((one) => one.text)
    .join(' ');
}
