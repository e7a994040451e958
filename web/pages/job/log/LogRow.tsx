import { memo, type ReactNode } from 'react';
import styles from './LogRow.module.css';
import { partsOf, timeOfDay } from './log-line.ts';

/** A line of the log, with what is searched for marked in it. */
export const LogRow = memo(function LogRow({ line, found }: { line: string; found: string }) {
  const { at, level, stage, text } = partsOf(line);
  return (
    <p className={`${styles.line} ${level ? styles[level] : ''}`}>
      {at && (
        <time className={styles.time} dateTime={at} title={at}>
          {timeOfDay(at)}
        </time>
      )}
      {level && level !== 'INFO' && <span className={styles.level}>{level} </span>}
      {stage && <span className={styles.stage}>{stage} </span>}
      <span>{marked(text, found)}</span>
    </p>
  );
});

function marked(text: string, found: string): ReactNode {
  const at = found === '' ? -1 : text.toLowerCase().indexOf(found.toLowerCase());
  if (at === -1) return text;
  const end = at + found.length;
  return (
    <>
      {text.slice(0, at)}
      <mark className={styles.mark}>{text.slice(at, end)}</mark>
      {marked(text.slice(end), found)}
    </>
  );
}
