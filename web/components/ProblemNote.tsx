import type { ReactNode } from 'react';
import { ProblemError, UnreachableError } from '../client.ts';
import { useWords, type WordsOf } from '../words/catalogue.ts';
import { commonWords } from '../words/common.ts';
import styles from './ProblemNote.module.css';

/** What went wrong, where it went wrong: the sentence, and what to do. */
export function ProblemNote({ error, children }: { error: unknown; children?: ReactNode }) {
  const words = useWords(commonWords);
  if (error === null || error === undefined) return null;
  const { sentence, remedy } = wordsOf(error, words);
  return (
    <Note tone="bad" role="alert">
      <p className={styles.sentence}>{sentence}</p>
      {remedy && <p>{remedy}</p>}
      {children}
    </Note>
  );
}

/** A few words in a box of their own. */
export function Note({
  tone = 'plain',
  role,
  children,
}: {
  tone?: 'plain' | 'good' | 'warn' | 'bad';
  role?: 'alert' | 'status';
  children: ReactNode;
}) {
  return (
    <div className={`${styles.note} ${styles[tone]}`} role={role}>
      {children}
    </div>
  );
}

function wordsOf(
  error: unknown,
  words: WordsOf<typeof commonWords>,
): { sentence: string; remedy?: string | undefined } {
  if (error instanceof ProblemError) return { sentence: error.message, remedy: error.remedy };
  if (error instanceof UnreachableError) return { sentence: words.unreachable, remedy: words.unreachableRemedy };
  return { sentence: error instanceof Error ? error.message : String(error) };
}
