import { defaultRangeExtractor, type Range, useWindowVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { useWords } from '../../words/catalogue.ts';
import { type Doc, nameOf } from './document.ts';
import { type Marks, offsetAt } from './marks.ts';
import { type ParagraphHandlers, ParagraphView } from './ParagraphView.tsx';
import { type Paragraph, paragraphWith } from './paragraphs.ts';
import type { Editing } from './SegmentText.tsx';
import styles from './TextView.module.css';
import { type Span, wordsOf } from './word-places.ts';
import { transcriptWords } from './words.ts';

/** Before a paragraph is measured. */
const LINE_CHARACTERS = 66;
const LINE_PX = 31;
const AROUND_PX = 52;
/** What is brought into sight is between these parts of the screen, and first at the upper one of both that it is scrolled to. */
const SIGHT_TOP = 0.28;
const SIGHT_BOTTOM = 0.75;
const SCROLLED_TO = 0.34;

export interface TextViewHandle {
  /** Brings a place into sight, if it is not. */
  reveal(place: Span & { index: number }): void;
  /** Puts the keyboard on a segment. */
  focus(index: number): void;
  /** The first segment on the screen. */
  shown(): number;
}

interface TextViewProps extends ParagraphHandlers {
  ref: Ref<TextViewHandle>;
  doc: Doc;
  paragraphs: readonly Paragraph[];
  marks: Marks;
  editing: Editing | undefined;
}

/** The text; only what is on the screen is drawn. */
export function TextView({ ref, doc, paragraphs, marks, editing, ...handlers }: TextViewProps) {
  const words = useWords(transcriptWords);
  const list = useRef<HTMLDivElement>(null);
  const edited = editing?.index;
  const hintId = useId();
  const [cursor, setCursor] = useState(() => paragraphs[0]?.index ?? 0);
  const wantsFocus = useRef<number>(undefined);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setTop((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    measure();
    // What stands above comes and goes.
    const sized = new ResizeObserver(measure);
    sized.observe(document.body);
    return () => sized.disconnect();
  }, []);
  const kept = paragraphWith(paragraphs, edited ?? cursor);
  const rows = useWindowVirtualizer({
    count: paragraphs.length,
    estimateSize: (at) => AROUND_PX + Math.ceil((paragraphs[at]?.characters ?? 0) / LINE_CHARACTERS) * LINE_PX,
    getItemKey: (at) => paragraphs[at]?.index ?? at,
    scrollMargin: top,
    overscan: 4,
    // What is typed into must stay, wherever the reader scrolls.
    rangeExtractor: useCallback(
      (range: Range) => [...new Set([...defaultRangeExtractor(range), kept])].sort((a, b) => a - b),
      [kept],
    ),
  });

  useImperativeHandle(ref, () => ({
    reveal: (place) => {
      const box = marks.boxOf(place);
      if (!box) {
        rows.scrollToIndex(paragraphWith(paragraphs, place.index), { align: 'center' });
        return;
      }
      const height = window.innerHeight;
      if (box.top >= height * SIGHT_TOP && box.bottom <= height * SIGHT_BOTTOM) return;
      window.scrollBy({ top: box.top - height * SCROLLED_TO, behavior: isCalm() ? 'instant' : 'smooth' });
    },
    focus: (index) => {
      wantsFocus.current = index;
      setCursor(index);
      if (!marks.elementOf(index)) rows.scrollToIndex(paragraphWith(paragraphs, index), { align: 'center' });
    },
    shown: () => paragraphs[rows.range?.startIndex ?? 0]?.index ?? 0,
  }));

  useEffect(() => {
    if (wantsFocus.current === undefined) return;
    const element = marks.elementOf(wantsFocus.current);
    if (!element) return;
    wantsFocus.current = undefined;
    element.focus();
  });

  const onClick = (event: MouseEvent) => {
    const index = segmentAt(event.target);
    if (index === undefined || index === edited || getSelection()?.isCollapsed === false) return;
    const segment = doc.segments[index];
    const offset = offsetAt(event.clientX, event.clientY);
    if (!segment || offset === undefined) return;
    const placed = wordsOf(segment);
    const word = placed.find(({ end }) => offset <= end) ?? placed.at(-1);
    handlers.onSeek(word?.startMs ?? segment.startMs);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const index = segmentAt(event.target);
    if (index === undefined || edited !== undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    const next = { ArrowUp: index - 1, ArrowDown: index + 1 }[key];
    if (key === 'Enter' || key === 'F2') handlers.onEdit(index);
    else if (next !== undefined && doc.segments[next]) {
      wantsFocus.current = next;
      setCursor(next);
    } else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is clicked are the segments in it
    <div
      ref={list}
      className={styles.text}
      style={{ height: rows.getTotalSize() }}
      onClick={onClick}
      onDoubleClick={({ target }) => {
        const index = segmentAt(target);
        if (index !== undefined && index !== edited) handlers.onEdit(index);
      }}
      onKeyDown={onKeyDown}
      onFocus={({ target }) => {
        const index = segmentAt(target);
        if (index !== undefined) setCursor(index);
      }}
    >
      <ul className={styles.list} aria-label={words.text}>
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const paragraph = paragraphs[index];
          if (!paragraph) return null;
          const isIn = (segment: number | undefined) =>
            segment !== undefined && index === paragraphWith(paragraphs, segment) ? segment : undefined;
          return (
            <li
              key={key}
              ref={rows.measureElement}
              data-index={index}
              className={styles.item}
              style={{ transform: `translateY(${start - rows.options.scrollMargin}px)` }}
              aria-setsize={paragraphs.length}
              aria-posinset={index + 1}
            >
              <ParagraphView
                {...handlers}
                paragraph={paragraph}
                name={nameOf(doc, paragraph.speaker)}
                marks={marks}
                current={isIn(cursor)}
                editing={isIn(edited) === undefined ? undefined : editing}
                hintId={hintId}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function segmentAt(target: EventTarget): number | undefined {
  const found = target instanceof Element ? target.closest<HTMLElement>('[data-segment]') : null;
  return found ? Number(found.dataset.segment) : undefined;
}

function isCalm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
