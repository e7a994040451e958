import { Check, Circle, LoaderCircle, Minus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { JobDetails } from '../../api-types.ts';
import { Card } from '../../components/Page.tsx';
import { inBytes, inWords, moment } from '../../format.ts';
import { useWords, type WordsOf } from '../../words/catalogue.ts';
import styles from './StageRail.module.css';
import { jobWords } from './words.ts';

type Stage = JobDetails['stages'][number];

const ICONS: Readonly<Record<string, ReactNode>> = {
  complete: <Check />,
  processing: <LoaderCircle />,
  error: <X />,
  skipped: <Minus />,
};

/** The steps of the job in their order: what each made, how long it took, and where it is now. */
export function StageRail({ details }: { details: JobDetails }) {
  const words = useWords(jobWords);
  // What is not part of this job says nothing about it.
  const stages = details.stages.filter(({ status, startedAt }) => status !== 'skipped' || startedAt !== null);
  if (stages.length === 0) return null;
  return (
    <Card title={words.stages}>
      <ol className={styles.rail}>
        {stages.map((stage) => (
          <li
            key={stage.name}
            className={`${styles.stage} ${styles[stage.status]}`}
            aria-current={stage.status === 'processing' ? 'step' : undefined}
          >
            <span className={styles.mark} aria-hidden="true">
              {ICONS[stage.status] ?? <Circle />}
            </span>
            <div className={styles.about}>
              <p className={styles.name}>{words.stage[stage.name] ?? stage.name}</p>
              <p className={styles.more}>
                {words.stageStatus[stage.status] ?? stage.status}
                {timesOf(words, stage)}
              </p>
              <Files of={details.artifacts.filter((artifact) => artifact.stage === stage.name)} />
              {stage.error && <p className={styles.fault}>{stage.error}</p>}
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Files({ of }: { of: JobDetails['artifacts'] }) {
  const words = useWords(jobWords);
  if (of.length === 0) return null;
  const bytes = of.reduce((sum, artifact) => sum + artifact.bytes, 0);
  return (
    <p className={styles.more} title={of.map(({ name }) => name).join(', ')}>
      {words.files(of.length)} · {inBytes(bytes)}
    </p>
  );
}

function timesOf(words: WordsOf<typeof jobWords>, { startedAt, endedAt, status }: Stage): string {
  if (startedAt === null || status === 'not_started') return '';
  if (endedAt !== null) {
    const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
    return ` · ${words.tookUntil(inWords(seconds), moment(endedAt))}`;
  }
  return ` · ${words.since(moment(startedAt))}`;
}
