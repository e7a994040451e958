import { useConnection } from '../live.ts';
import { useWords } from '../words/catalogue.ts';
import styles from './AwayBanner.module.css';
import { shellWords } from './words.ts';

/** The service does not answer at the moment: quietly, since it is caught up with by itself. */
export function AwayBanner() {
  const words = useWords(shellWords);
  const connection = useConnection();
  return (
    <div role="status" className={styles.place}>
      {connection === 'away' && <p className={styles.banner}>{words.away}</p>}
    </div>
  );
}
