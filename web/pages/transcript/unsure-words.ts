/** Words that the engine itself was not sure of. */
import { useEffect, useMemo, useState } from 'react';
import type { Doc } from './document.ts';
import type { Marks } from './marks.ts';
import { wordsOf } from './word-places.ts';

/** Below this confidence. */
const UNSURE = 0.5;
const CHOICE = 'longhand.unsure';

/** How many there are, and whether they are marked. */
export function useUnsureWords({ segments }: Doc, marks: Marks) {
  const [isShown, setShown] = useState(() => localStorage.getItem(CHOICE) !== 'hidden');
  const unsure = useMemo(() => {
    const found = new Map(
      segments.map((segment) => [segment.index, wordsOf(segment).filter(({ confidence }) => confidence < UNSURE)]),
    );
    return { found, count: [...found.values()].reduce((sum, { length }) => sum + length, 0) };
  }, [segments]);
  useEffect(() => {
    marks.want('unsure', (index) => (isShown ? (unsure.found.get(index) ?? []) : []));
  }, [marks, unsure, isShown]);
  const show = (next: boolean) => {
    setShown(next);
    localStorage.setItem(CHOICE, next ? 'shown' : 'hidden');
  };
  return { count: unsure.count, isShown, show };
}
