import { type KeyboardEvent, memo, useLayoutEffect, useRef } from 'react';
import { clockTime } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { type DocSegment, onOneLine, placeToCut } from './document.ts';
import type { Marks } from './marks.ts';
import { scriptOf } from './paragraphs.ts';
import styles from './TextView.module.css';
import { transcriptWords } from './words.ts';

/** What a segment tells those around it. Stable, so that a segment is drawn anew only when its own text changes. */
export interface TextHandlers {
  onEdit(index: number): void;
  /** Editing is over; `text` is what stands there now, undefined: as it was. `stays`: the keyboard stays on it. */
  onDone(index: number, text: string | undefined, stays: boolean): void;
  /** Cut in two at a place in `text`, which is what stands there now. */
  onCut(index: number, text: string, at: number): void;
  /** Joined with the one before it, or with the one behind it; `text` is what stands there now. */
  onJoin(index: number, text: string, other: 'before' | 'behind'): void;
  onUndo(): void;
  onTogglePlay(): void;
}

/** A segment is being edited. */
export interface Editing {
  index: number;
  /** Where in its text the caret is put; nowhere: where it was clicked, else behind the last letter. */
  caret?: number;
}

interface SegmentTextProps extends TextHandlers {
  segment: DocSegment;
  marks: Marks;
  /** The keyboard is here. */
  isCurrent: boolean;
  /** Set while it is edited; another one begins anew. */
  editing: Editing | undefined;
  /** Says how editing ends. */
  hintId: string;
}

/** A segment, as one stretch of text; it is changed where it stands. */
export const SegmentText = memo(function SegmentText({
  segment,
  marks,
  isCurrent,
  editing,
  hintId,
  onDone,
  onCut,
  onJoin,
  onUndo,
  onTogglePlay,
}: SegmentTextProps) {
  const words = useWords(transcriptWords);
  const place = useRef<HTMLSpanElement>(null);
  const { index, text } = segment;
  const isOver = useRef(true);
  const isEdited = editing !== undefined;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another text is marked anew
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    marks.attach(index, element);
    return () => marks.detach(index, element);
  }, [marks, index, text, isEdited]);

  useLayoutEffect(() => {
    const element = place.current;
    if (!editing || !element) return;
    isOver.current = false;
    if (editing.caret !== undefined) {
      element.focus();
      getSelection()?.collapse(element.firstChild ?? element, element.firstChild ? editing.caret : 0);
      return;
    }
    // Where it was clicked the browser has put the caret already.
    if (document.activeElement !== element || getSelection()?.anchorNode !== element.firstChild) {
      element.focus();
      getSelection()?.selectAllChildren(element);
      getSelection()?.collapseToEnd();
    }
  }, [editing]);

  const end = (keep: boolean, stays: boolean) => {
    const element = place.current;
    if (isOver.current || !element) return;
    isOver.current = true;
    const typed = onOneLine(element.textContent ?? '');
    // What the browser made of it while it was typed goes; React knows only of the text.
    element.textContent = keep ? typed : text;
    onDone(index, keep && typed !== text ? typed : undefined, stays);
  };
  /** What becomes of it others say; what was typed is in there. */
  const handOver = (element: HTMLElement) => {
    isOver.current = true;
    element.textContent = text;
  };
  const cut = () => {
    const element = place.current;
    if (!element) return;
    const typed = element.textContent ?? '';
    const caret = caretIn(element);
    const at = caret === undefined ? undefined : placeToCut(typed, caret);
    if (at === undefined) return end(true, true);
    handOver(element);
    onCut(index, onOneLine(typed), at);
  };
  /** @returns false where the caret is not at that end */
  const join = (other: 'before' | 'behind') => {
    const element = place.current;
    if (!element) return false;
    const typed = element.textContent ?? '';
    if (caretIn(element) !== (other === 'before' ? 0 : typed.length)) return false;
    handOver(element);
    onJoin(index, onOneLine(typed), other);
    return true;
  };
  const undo = () => {
    // What is typed the browser takes back by itself.
    if (place.current?.textContent !== text) return false;
    end(false, true);
    onUndo();
    return true;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isEdited || event.nativeEvent.isComposing) return;
    if (!act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** @returns false for a key that types */
  const act = ({ key, shiftKey, ctrlKey, metaKey }: KeyboardEvent): boolean => {
    const isCommand = ctrlKey || metaKey;
    if (key === 'Enter' && !isCommand) cut();
    else if (key === 'Enter' || key === 'F2') end(true, true);
    else if (key === 'Escape') end(false, true);
    else if (key === 'Tab' && !shiftKey) onTogglePlay();
    else if (key === 'Backspace') return join('before');
    else if (key === 'Delete') return join('behind');
    else if (key.toLowerCase() === 'z' && isCommand && !shiftKey) return undo();
    else return false;
    return true;
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

/** The place of the caret in the text of an element; undefined when it is not there, or something is selected. */
function caretIn(element: HTMLElement): number | undefined {
  const selection = getSelection();
  const { anchorNode, anchorOffset = 0 } = selection ?? {};
  if (!selection?.isCollapsed || !anchorNode || !element.contains(anchorNode)) return undefined;
  const before = document.createRange();
  before.selectNodeContents(element);
  before.setEnd(anchorNode, anchorOffset);
  return before.toString().length;
}
