import { CaseSensitive, ChevronDown, ChevronUp, WholeWord, X } from 'lucide-react';
import { type ReactNode, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Button, IconButton } from '../../components/Button.tsx';
import { useWords } from '../../words/catalogue.ts';
import type { Doc } from './document.ts';
import styles from './FindBar.module.css';
import { findAll, type Match, replaceIn, type Wish } from './find.ts';
import type { Marks } from './marks.ts';
import { transcriptWords } from './words.ts';

interface FindBarProps {
  doc: Doc;
  marks: Marks;
  /** Where to begin: the segment that was on the screen. Another one each time that somebody asks to find. */
  from: { index: number };
  onReveal(match: Match): void;
  onChange(doc: Doc): void;
  onClose(): void;
}

/** Find in the text, and put something else there. */
export function FindBar({ doc, marks, from, onReveal, onChange, onClose }: FindBarProps) {
  const words = useWords(transcriptWords);
  const [wish, setWish] = useState<Wish>({ text: '', matchCase: false, wholeWord: false });
  const [by, setBy] = useState('');
  const [said, setSaid] = useState('');
  const [chosen, setChosen] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  // Typing goes before looking through hours of text.
  const sought = useDeferredValue(wish);
  const matches = useMemo(() => findAll(doc.segments, sought), [doc.segments, sought]);
  const at = Math.min(chosen, Math.max(0, matches.length - 1));
  const here = matches[at];

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for again, it begins anew
  useEffect(() => field.current?.select(), [from]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another search begins anew
  useEffect(() => {
    const first = matches.findIndex(({ index }) => index >= from.index);
    setChosen(Math.max(0, first));
  }, [sought]);
  useEffect(() => {
    const bySegment = new Map<number, Match[]>();
    for (const match of matches) {
      const some = bySegment.get(match.index);
      if (some) some.push(match);
      else bySegment.set(match.index, [match]);
    }
    marks.want('found', (index) => bySegment.get(index) ?? []);
  }, [marks, matches]);
  useEffect(() => {
    marks.only('here', here);
    if (here) onReveal(here);
  }, [marks, here, onReveal]);
  useEffect(
    () => () => {
      marks.want('found', () => []);
      marks.only('here', undefined);
    },
    [marks],
  );

  const go = (step: number) => setChosen((at + step + matches.length) % Math.max(1, matches.length));
  const change = (next: Partial<Wish>) => {
    setSaid('');
    setWish({ ...wish, ...next });
  };
  const replace = (some: readonly Match[]) => {
    onChange(replaceIn(doc, some, by));
    setSaid(words.replaced(some.length));
  };
  return (
    <search
      className={styles.bar}
      aria-label={words.find}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div className={styles.line}>
        <input
          ref={field}
          type="text"
          className={styles.field}
          aria-label={words.findText}
          placeholder={words.findText}
          value={wish.text}
          onChange={({ target }) => change({ text: target.value })}
          onKeyDown={({ key, shiftKey }) => {
            if (key === 'Enter') go(shiftKey ? -1 : 1);
          }}
        />
        <Switch label={words.matchCase} on={wish.matchCase} onChange={(matchCase) => change({ matchCase })}>
          <CaseSensitive />
        </Switch>
        <Switch label={words.wholeWord} on={wish.wholeWord} onChange={(wholeWord) => change({ wholeWord })}>
          <WholeWord />
        </Switch>
        <span className={styles.count} role="status" data-figure="">
          {wish.text !== '' && words.matches(at + 1, matches.length)}
        </span>
        <IconButton label={words.previous} disabled={matches.length === 0} onClick={() => go(-1)}>
          <ChevronUp />
        </IconButton>
        <IconButton label={words.next} disabled={matches.length === 0} onClick={() => go(1)}>
          <ChevronDown />
        </IconButton>
        <IconButton label={words.closeFind} onClick={onClose}>
          <X />
        </IconButton>
      </div>
      <div className={styles.line}>
        <input
          type="text"
          className={styles.field}
          aria-label={words.replaceBy}
          placeholder={words.replaceBy}
          value={by}
          onChange={({ target }) => setBy(target.value)}
          onKeyDown={({ key }) => {
            if (key === 'Enter' && here) replace([here]);
          }}
        />
        <Button size="s" disabled={!here} onClick={() => here && replace([here])}>
          {words.replace}
        </Button>
        <Button size="s" disabled={!here} onClick={() => replace(matches)}>
          {words.replaceAll}
        </Button>
        <span className={styles.count} role="status">
          {said}
        </span>
      </div>
    </search>
  );
}

function Switch({
  label,
  on,
  onChange,
  children,
}: {
  label: string;
  on: boolean;
  onChange(on: boolean): void;
  children: ReactNode;
}) {
  return (
    <IconButton label={label} aria-pressed={on} className={on ? (styles.on ?? '') : ''} onClick={() => onChange(!on)}>
      {children}
    </IconButton>
  );
}
