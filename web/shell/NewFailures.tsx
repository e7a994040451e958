import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { JobPage } from '../api-types.ts';
import { get, withQuery } from '../client.ts';
import { keys } from '../queries.ts';
import { markSeen, useSeen } from '../seen-failures.ts';
import { useWords } from '../words/catalogue.ts';
import styles from './InWork.module.css';
import { shellWords } from './words.ts';

/** The newest ones; who has more to look at goes to the history. */
const LOOKED_FOR = 20;
const SHOWN = 4;

const failedQuery = {
  queryKey: [...keys.jobs, 'newest failed'],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    get<JobPage>(withQuery('/api/jobs', { status: 'failed', limit: LOOKED_FOR }), signal),
};

/** Recordings that failed, until somebody has opened them. */
export function NewFailures() {
  const words = useWords(shellWords);
  const { data } = useQuery(failedQuery);
  const isSeen = useSeen();
  const failed = data?.jobs.filter((job) => !isSeen(job)) ?? [];
  if (failed.length === 0) return null;
  return (
    <section className={styles.part} aria-label={words.failed}>
      <h2 className={styles.heading}>{words.failed}</h2>
      <ul className={styles.list}>
        {failed.slice(0, SHOWN).map((job) => (
          <li key={job.id}>
            <Link to="/jobs/$id" params={{ id: String(job.id) }} className={`${styles.job} ${styles.failed}`}>
              <span className={styles.name}>{job.filename}</span>
              <span className={styles.figures}>{job.error?.message}</span>
            </Link>
          </li>
        ))}
      </ul>
      <p className={styles.waiting}>
        {failed.length > SHOWN && (
          <>
            <Link to="/history" search={{ status: 'failed' }}>
              {words.moreFailed(failed.length - SHOWN)}
            </Link>
            {' · '}
          </>
        )}
        <button type="button" className={styles.plain} onClick={() => markSeen(...failed)}>
          {words.allSeen}
        </button>
      </p>
    </section>
  );
}
