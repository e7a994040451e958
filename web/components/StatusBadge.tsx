import type { JobStatus } from '../api-types.ts';
import { useWords } from '../words/catalogue.ts';
import { commonWords } from '../words/common.ts';
import styles from './StatusBadge.module.css';

/** Where a job stands, in a word. Its colour repeats what the word says. */
export function StatusBadge({ status }: { status: JobStatus }) {
  const words = useWords(commonWords);
  return (
    <span className={`${styles.badge} ${styles[status]}`} data-status={status}>
      {words.status[status]}
    </span>
  );
}
