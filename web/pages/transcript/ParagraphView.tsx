import { Pencil } from 'lucide-react';
import { Fragment, memo } from 'react';
import { Button } from '../../components/Button.tsx';
import { clockTime } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import type { Marks } from './marks.ts';
import type { Paragraph } from './paragraphs.ts';
import { type Editing, SegmentText, type TextHandlers } from './SegmentText.tsx';
import styles from './TextView.module.css';
import { transcriptWords } from './words.ts';

export interface ParagraphHandlers extends TextHandlers {
  onSeek(ms: number): void;
  onSpeaker(paragraph: Paragraph): void;
}

interface ParagraphViewProps extends ParagraphHandlers {
  paragraph: Paragraph;
  /** Of who speaks. */
  name: string | undefined;
  marks: Marks;
  /** The segment that the keyboard is on, if it is one of these. */
  current: number | undefined;
  editing: Editing | undefined;
  hintId: string;
}

/** What somebody says, with when it begins and who it is. */
export const ParagraphView = memo(function ParagraphView({
  paragraph,
  name,
  marks,
  current,
  editing,
  hintId,
  ...handlers
}: ParagraphViewProps) {
  const words = useWords(transcriptWords);
  const time = clockTime(paragraph.startMs / 1000);
  // The buttons of the other paragraphs are out of the way of the keyboard: there may be thousands.
  const tabIndex = current === undefined ? -1 : 0;
  return (
    <div className={`${styles.paragraph} ${current === undefined ? '' : styles.current}`}>
      <div className={styles.margin}>
        <button
          type="button"
          className={styles.time}
          tabIndex={tabIndex}
          aria-label={words.goTo(time)}
          onClick={() => handlers.onSeek(paragraph.startMs)}
        >
          {time}
        </button>
        <button
          type="button"
          className={name === undefined ? styles.noSpeaker : styles.speaker}
          tabIndex={tabIndex}
          aria-label={name === undefined ? undefined : words.renameSpeaker(name)}
          onClick={() => handlers.onSpeaker(paragraph)}
        >
          {name ?? words.addSpeaker}
        </button>
        <Button
          kind="quiet"
          size="s"
          className={styles.editButton ?? ''}
          icon={<Pencil />}
          tabIndex={tabIndex}
          onClick={() => handlers.onEdit(current ?? paragraph.index)}
        >
          {words.edit}
        </Button>
      </div>
      <div className={styles.said}>
        {paragraph.segments.map((segment) => (
          <Fragment key={segment.index}>
            <SegmentText
              segment={segment}
              marks={marks}
              isCurrent={segment.index === current}
              editing={segment.index === editing?.index ? editing : undefined}
              hintId={hintId}
              onEdit={handlers.onEdit}
              onDone={handlers.onDone}
              onCut={handlers.onCut}
              onJoin={handlers.onJoin}
              onUndo={handlers.onUndo}
              onTogglePlay={handlers.onTogglePlay}
            />{' '}
          </Fragment>
        ))}
        {editing && (
          <p id={hintId} className={styles.hint}>
            {words.editing}
          </p>
        )}
      </div>
    </div>
  );
});
