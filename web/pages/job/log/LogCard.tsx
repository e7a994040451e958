import { Download } from 'lucide-react';
import type { Job } from '../../../api-types.ts';
import { Card } from '../../../components/Page.tsx';
import { useWords } from '../../../words/catalogue.ts';
import { jobWords } from '../words.ts';
import styles from './LogView.module.css';
import { LogView } from './LogView.tsx';

/** So many lines are shown of a process that is gone, to see what it did last. */
const LINES_OF_GONE = 100;

export function LogCard({ job, isGone }: { job: Pick<Job, 'id' | 'filename'>; isGone: boolean }) {
  const words = useWords(jobWords);
  return (
    <Card
      title={words.log}
      actions={
        <a className={styles.download} href={`/api/jobs/${job.id}/log`} download={`${job.filename}.log`}>
          <Download aria-hidden="true" />
          {words.download}
        </a>
      }
    >
      <LogView jobId={job.id} {...(isGone ? { atLeast: LINES_OF_GONE } : {})} />
    </Card>
  );
}
