import { type KeyboardEvent, memo, useLayoutEffect, useRef } from 'react';
import { clockTime } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { type DocSegment, onOneLine } from './document.ts';
import type { Marks } from './marks.ts';
import { scriptOf } from './paragraphs.ts';
import styles from './TextView.module.css';
import { transcriptWords } from './words.ts';

/** What a segment tells those around it. Stable, so that a segment is drawn anew only when its own text changes. */
export interface TextHandlers {
  onEdit(index: number): void;
  /** Editing is over; `text` is what stands there now, undefined: as it was. `stays`: the keyboard stays on it. */
  onDone(index: number, text: string | undefined, stays: boolean): void;
  onTogglePlay(): void;
}

interface SegmentTextProps extends TextHandlers {
  segment: DocSegment;
  marks: Marks;
  /** The keyboard is here. */
  isCurrent: boolean;
  isEdited: boolean;
  /** Says how editing ends. */
  hintId: string;
}

/** A segment, as one stretch of text; it is changed where it stands. */
export const SegmentText = memo(function SegmentText({
  segment,
  marks,
  isCurrent,
  isEdited,
  hintId,
  onDone,
  onTogglePlay,
}: SegmentTextProps) {
  const words = useWords(transcriptWords);
  const place = useRef<HTMLSpanElement>(null);
  const { index, text } = segment;
  const isOver = useRef(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another text is marked anew
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    marks.attach(index, element);
    return () => marks.detach(index, element);
  }, [marks, index, text, isEdited]);

  useLayoutEffect(() => {
    const element = place.current;
    if (!isEdited || !element) return;
    isOver.current = false;
    // Where it was clicked the browser has put the caret already.
    if (document.activeElement !== element || getSelection()?.anchorNode !== element.firstChild) {
      element.focus();
      getSelection()?.selectAllChildren(element);
      getSelection()?.collapseToEnd();
    }
  }, [isEdited]);

  const end = (keep: boolean, stays: boolean) => {
    const element = place.current;
    if (isOver.current || !element) return;
    isOver.current = true;
    const typed = onOneLine(element.textContent ?? '');
    // What the browser made of it while it was typed goes; React knows only of the text.
    element.textContent = keep ? typed : text;
    onDone(index, keep && typed !== text ? typed : undefined, stays);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isEdited || event.nativeEvent.isComposing) return;
    const { key, shiftKey } = event;
    if (key === 'Enter') end(true, true);
    else if (key === 'Escape') end(false, true);
    else if (key === 'Tab' && !shiftKey) onTogglePlay();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: text that flows with what stands around it
    <span
      ref={place}
      role="textbox"
      tabIndex={isCurrent ? 0 : -1}
      data-segment={index}
      className={`${styles.segment} ${isEdited ? styles.edited : ''} ${text === '' ? styles.removed : ''}`}
      aria-label={words.segment(clockTime(segment.startMs / 1000))}
      aria-readonly={!isEdited}
      aria-describedby={isEdited ? hintId : undefined}
      data-removed={text === '' && !isEdited ? words.removed : undefined}
      lang={scriptOf(text)}
      contentEditable={isEdited ? 'plaintext-only' : undefined}
      suppressContentEditableWarning
      onKeyDown={onKeyDown}
      onBlur={() => end(true, false)}
    >
      {text}
    </span>
  );
});
