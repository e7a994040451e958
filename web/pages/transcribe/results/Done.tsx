import { Link } from '@tanstack/react-router';
import { FileText } from 'lucide-react';
import type { Job } from '../../../api-types.ts';
import { Card } from '../../../components/Page.tsx';
import { inWords, moment } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import rows from '../Rows.module.css';
import { transcribeWords } from '../words.ts';

/** The texts that came last. */
export function Done({ jobs }: { jobs: readonly Job[] }) {
  const words = useWords(transcribeWords).lists;
  if (jobs.length === 0) return null;
  return (
    <Card title={words.done} actions={<Link to="/history">{words.history}</Link>}>
      <ul className={rows.list} aria-label={words.done}>
        {jobs.map(({ id, filename, durationSeconds, elapsedSeconds, completedAt }) => (
          <li key={id} className={rows.row}>
            <FileText className={rows.goodMark} aria-hidden="true" />
            <div className={rows.text}>
              <Link to="/jobs/$id" params={{ id: String(id) }} className={rows.name}>
                {filename}
              </Link>
              <p className={rows.facts} data-figure="">
                {words.madeIn(inWords(durationSeconds), inWords(elapsedSeconds))}
              </p>
            </div>
            {completedAt !== null && (
              <time className={rows.facts} dateTime={completedAt}>
                {moment(completedAt)}
              </time>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
