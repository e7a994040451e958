/** The word that is being spoken is marked, and kept in sight as long as the reader does not look elsewhere. */
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Doc } from './document.ts';
import type { Marks } from './marks.ts';
import { useFrames } from './player.ts';
import type { TextViewHandle } from './TextView.tsx';
import { Timeline } from './timeline.ts';

/** A word stays marked in a pause as long as this. */
const LINGER_MS = 1_500;
const SCROLL_KEYS = new Set(['PageUp', 'PageDown', 'Home', 'End']);

/** @returns whether the text follows, and a function that says so */
export function useSpokenWord(
  audio: HTMLAudioElement | null,
  doc: Doc,
  marks: Marks,
  text: RefObject<TextViewHandle | null>,
): [boolean, (follows: boolean) => void] {
  const [follows, setFollows] = useState(true);
  const timeline = useMemo(() => new Timeline(doc.segments), [doc.segments]);
  const marked = useRef(-1);

  const draw = useCallback(
    (seconds: number) => {
      const ms = seconds * 1000;
      const number = timeline.at(ms);
      const now = timeline.isOver(number, ms, LINGER_MS) ? -1 : number;
      if (now === marked.current) return;
      marked.current = now;
      const word = timeline.word(now);
      marks.only('spoken', word);
      if (word && follows) text.current?.reveal(word);
    },
    [timeline, marks, text, follows],
  );
  useFrames(audio, draw);

  useEffect(() => {
    const letGo = () => {
      if (audio && !audio.paused) setFollows(false);
    };
    const byKey = ({ key }: KeyboardEvent) => {
      if (SCROLL_KEYS.has(key)) letGo();
    };
    const byBar = ({ clientX }: PointerEvent) => {
      if (clientX >= document.documentElement.clientWidth) letGo();
    };
    window.addEventListener('wheel', letGo, { passive: true });
    window.addEventListener('touchmove', letGo, { passive: true });
    window.addEventListener('keydown', byKey);
    window.addEventListener('pointerdown', byBar);
    return () => {
      window.removeEventListener('wheel', letGo);
      window.removeEventListener('touchmove', letGo);
      window.removeEventListener('keydown', byKey);
      window.removeEventListener('pointerdown', byBar);
    };
  }, [audio]);

  const choose = (next: boolean) => {
    setFollows(next);
    const word = timeline.word(marked.current);
    if (next && word) text.current?.reveal(word);
  };
  return [follows, choose];
}
