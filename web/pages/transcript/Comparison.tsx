import { useInfiniteQuery } from '@tanstack/react-query';
import type { TranscriptComparison } from '../../api-types.ts';
import { Button } from '../../components/Button.tsx';
import { Loading } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { clockTime } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { scriptOf } from './paragraphs.ts';
import { comparisonQuery } from './queries.ts';
import styles from './Versions.module.css';
import { transcriptWords } from './words.ts';

interface ComparisonProps {
  id: number;
  from: number;
  to: number;
  onSeek(ms: number): void;
  nameOf(speaker: string): string;
}

/** What is different between two versions: what went is struck out, what came is underlined. */
export function Comparison({ id, from, to, onSeek, nameOf }: ComparisonProps) {
  const words = useWords(transcriptWords);
  const common = useWords(commonWords);
  const { data, error, isFetching, hasNextPage, fetchNextPage } = useInfiniteQuery(comparisonQuery(id, from, to));
  const first = data?.pages[0];
  const passages = data?.pages.flatMap((page) => page.passages) ?? [];
  const shown = (name: string | null) => (name === null ? words.nobody : nameOf(name));
  return (
    <section className={styles.comparison} aria-label={words.compared(from, to)}>
      <h3>{words.compared(from, to)}</h3>
      <ProblemNote error={error} />
      {first?.changed === 0 && first.speakers.length === 0 && <p className={styles.about}>{words.same}</p>}
      {first?.speakers.map((speaker) => (
        <p key={speaker.speaker} className={styles.about}>
          {words.speakerChanged(speaker.from ?? words.nobody, speaker.to ?? words.nobody)}
        </p>
      ))}
      <ul className={styles.passages}>
        {passages.map((passage) => (
          <li key={`${passage.startMs} ${passage.from} ${passage.to}`}>
            <button type="button" className={styles.time} onClick={() => onSeek(passage.startMs)}>
              {clockTime(passage.startMs / 1000)}
            </button>
            {passage.speaker && (
              <span className={styles.about}>
                {words.speakerChanged(shown(passage.speaker.from), shown(passage.speaker.to))}
              </span>
            )}
            <Runs runs={passage.runs} />
          </li>
        ))}
      </ul>
      {isFetching && <Loading label={common.loading} />}
      {hasNextPage && (
        <Button size="s" onClick={() => void fetchNextPage()}>
          {words.morePassages}
        </Button>
      )}
    </section>
  );
}

type Run = TranscriptComparison['passages'][number]['runs'][number];
const ELEMENTS = { equal: 'span', insert: 'ins', delete: 'del' } as const;

export function Runs({ runs }: { runs: readonly Run[] }) {
  return (
    <p className={styles.runs} lang={scriptOf(runs.map(({ text }) => text).join(''))}>
      {runs.map(({ type, text }, at) => {
        const Element = ELEMENTS[type];
        // biome-ignore lint/suspicious/noArrayIndexKey: they never move
        return <Element key={at}>{text}</Element>;
      })}
    </p>
  );
}
