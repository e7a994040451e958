import type { JobDetails } from '../../api-types.ts';
import { Card } from '../../components/Page.tsx';
import { moment } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import styles from './History.module.css';
import { jobWords } from './words.ts';

/** What happened to the job, in sentences; the newest first. */
export function History({ lines }: { lines: JobDetails['history'] }) {
  const words = useWords(jobWords);
  if (lines.length === 0) return null;
  return (
    <Card title={words.history}>
      <ol className={styles.lines}>
        {lines.toReversed().map(({ at, sentence }) => (
          <li key={`${at} ${sentence}`} className={styles.line}>
            <time dateTime={at} className={styles.at}>
              {moment(at)}
            </time>
            <span>{sentence}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
