import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Queue } from '../api-types.ts';
import { ProgressBar } from '../components/ProgressBar.tsx';
import { inWords, percent } from '../format.ts';
import { useProgress } from '../live.ts';
import { queueQuery } from '../queries.ts';
import { useWords } from '../words/catalogue.ts';
import styles from './InWork.module.css';
import { shellWords } from './words.ts';

/** In the side bar, wherever one is: what is worked on, how far it is, and how many wait. */
export function InWork() {
  const words = useWords(shellWords);
  const { data: queue } = useQuery(queueQuery);
  if (!queue || queue.running.length + queue.total === 0) return null;
  return (
    <section className={styles.part} aria-label={words.inWork}>
      <h2 className={styles.heading}>{words.inWork}</h2>
      <ul className={styles.list}>
        {queue.running.map((running) => (
          <RunningJob key={running.id} running={running} />
        ))}
      </ul>
      {queue.total > 0 && (
        <p className={styles.waiting}>
          <Link to="/">{words.waiting(queue.total)}</Link>
          {queue.endsInSeconds !== null && ` · ${words.allDoneIn(inWords(queue.endsInSeconds))}`}
        </p>
      )}
    </section>
  );
}

function RunningJob({ running }: { running: Queue['running'][number] }) {
  const words = useWords(shellWords);
  const told = useProgress(running.id);
  const done = told?.percent ?? running.progress;
  const left = told?.secondsLeft ?? running.secondsLeft;
  return (
    <li>
      <Link to="/jobs/$id" params={{ id: String(running.id) }} className={styles.job}>
        <span className={styles.name}>{running.filename}</span>
        <ProgressBar value={done} label={running.filename} />
        <span className={styles.figures} data-figure="">
          {percent(done)}
          {running.run > 1 && ` · ${words.resumed}`}
          {left !== null && left !== undefined && ` · ${words.left(inWords(left))}`}
        </span>
      </Link>
    </li>
  );
}
