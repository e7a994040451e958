/**
 * Marks in the text that cost no drawing of it: the word that is spoken, those that the engine was not sure of, and what was
 * found. They are highlights of the browser over the text as it is; what is out of sight has none.
 */
import type { Span } from './word-places.ts';

export const KINDS = ['unsure', 'found', 'here', 'spoken'] as const;
export type Kind = (typeof KINDS)[number];

/** What is to be marked in a segment. */
type SpansOf = (index: number) => readonly Span[];

export class Marks {
  readonly #elements = new Map<number, HTMLElement>();
  readonly #spans = new Map<Kind, SpansOf>();
  readonly #ranges = new Map<Kind, Map<number, Range[]>>();
  readonly #highlights = new Map<Kind, Highlight>();

  /** Puts them on the page. @returns a function that takes them off */
  show(): () => void {
    // Browsers without highlights show the text all the same.
    if (!('highlights' in CSS)) return () => undefined;
    for (const [priority, kind] of KINDS.entries()) {
      const highlight = new Highlight();
      highlight.priority = priority;
      this.#highlights.set(kind, highlight);
      CSS.highlights.set(`transcript-${kind}`, highlight);
      this.#markAll(kind);
    }
    return () => {
      for (const kind of KINDS) CSS.highlights.delete(`transcript-${kind}`);
      this.#highlights.clear();
      this.#ranges.clear();
    };
  }

  /** A segment is on the screen, or its text is another one. */
  attach(index: number, element: HTMLElement): void {
    this.#elements.set(index, element);
    for (const kind of KINDS) this.#mark(kind, index);
  }

  detach(index: number, element: HTMLElement): void {
    if (this.#elements.get(index) !== element) return;
    this.#elements.delete(index);
    for (const kind of KINDS) this.#unmark(kind, index);
  }

  elementOf(index: number): HTMLElement | undefined {
    return this.#elements.get(index);
  }

  /** Says anew what is marked so. */
  want(kind: Kind, spansOf: SpansOf): void {
    this.#spans.set(kind, spansOf);
    this.#markAll(kind);
  }

  /** Marks one place only. */
  only(kind: Kind, place: (Span & { index: number }) | undefined): void {
    for (const index of [...(this.#ranges.get(kind)?.keys() ?? [])]) this.#unmark(kind, index);
    this.#spans.set(kind, (index) => (place && index === place.index ? [place] : []));
    if (place) this.#mark(kind, place.index);
  }

  /** Where a place is on the screen; undefined when its segment is not drawn. */
  boxOf({ index, start, end }: Span & { index: number }): DOMRect | undefined {
    const element = this.#elements.get(index);
    return element && rangeIn(element, { start, end })?.getBoundingClientRect();
  }

  #markAll(kind: Kind): void {
    for (const index of this.#elements.keys()) this.#mark(kind, index);
  }

  #mark(kind: Kind, index: number): void {
    this.#unmark(kind, index);
    const highlight = this.#highlights.get(kind);
    const element = this.#elements.get(index);
    const spans = this.#spans.get(kind)?.(index) ?? [];
    if (!highlight || !element || spans.length === 0) return;
    const ranges = spans.flatMap((span) => rangeIn(element, span) ?? []);
    for (const range of ranges) highlight.add(range);
    const all = this.#ranges.get(kind) ?? new Map<number, Range[]>();
    this.#ranges.set(kind, all.set(index, ranges));
  }

  #unmark(kind: Kind, index: number): void {
    for (const range of this.#ranges.get(kind)?.get(index) ?? []) this.#highlights.get(kind)?.delete(range);
    this.#ranges.get(kind)?.delete(index);
  }
}

function rangeIn(element: HTMLElement, { start, end }: Span): Range | undefined {
  const text = element.firstChild;
  if (!(text instanceof Text) || end > text.length) return undefined;
  const range = document.createRange();
  range.setStart(text, start);
  range.setEnd(text, end);
  return range;
}

/** The place in the text under a point of the screen. */
export function offsetAt(x: number, y: number): number | undefined {
  if ('caretPositionFromPoint' in document) return document.caretPositionFromPoint(x, y)?.offset;
  // Safari.
  return (document as unknown as { caretRangeFromPoint(x: number, y: number): Range | null }).caretRangeFromPoint(x, y)
    ?.startOffset;
}
