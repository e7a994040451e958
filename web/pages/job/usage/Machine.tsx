import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import type { Job, JobProcess } from '../../../api-types.ts';
import { Card } from '../../../components/Page.tsx';
import { inBytes, inWords, locale } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import { usageQuery } from '../queries.ts';
import { jobWords } from '../words.ts';
import { type Curve, curveOf, type Sample, sampleOf } from './curve.ts';
import styles from './Machine.module.css';

const Plot = lazy(() => import('./Plot.tsx'));

/** An hour of looks at the process. */
const MOST_LIVE = 1_800;
const WHOLE_CORE = 100;
const LEAST_MEMORY = 64 * 1024 ** 2;

/** What the processes of a job use now, and used so far. */
export function Machine({ job, process }: { job: Job; process: JobProcess | undefined }) {
  const words = useWords(jobWords);
  const { data: usage } = useQuery(usageQuery(job.id));
  const live = useLive(process);
  const curve = useMemo(() => curveOf(usage?.runs ?? [], live), [usage, live]);
  const now = process && sampleOf(process);
  if (!now && curve.seconds.length < 2) return null;
  return (
    <Card title={words.machine}>
      <dl className={styles.figures}>
        <Measure
          name={words.cpu}
          hint={words.cpuHint}
          now={now?.cpuPercent}
          seconds={curve.seconds}
          values={curve.cpuPercent}
          least={WHOLE_CORE}
          inWords={cpu}
        />
        <Measure
          name={words.memory}
          now={now?.memoryBytes}
          seconds={curve.seconds}
          values={curve.memoryBytes}
          least={LEAST_MEMORY}
          inWords={inBytes}
        />
        <div className={styles.row}>
          <dt>{words.elapsed}</dt>
          <dd data-figure="">{inWords(now?.elapsedSeconds ?? job.elapsedSeconds)}</dd>
        </div>
        {process?.running && process.pid !== null && (
          <div className={styles.row}>
            <dt>{words.pid}</dt>
            <dd data-figure="">{process.pid}</dd>
          </div>
        )}
      </dl>
    </Card>
  );
}

/** What this page saw of the process since it was opened; a new process begins anew. */
function useLive(process: JobProcess | undefined): readonly Sample[] {
  const [seen, setSeen] = useState<{ pid: number | null; samples: readonly Sample[] }>({ pid: null, samples: [] });
  useEffect(() => {
    const sample = process && sampleOf(process);
    if (!process || !sample) return;
    setSeen(({ pid, samples }) => ({
      pid: process.pid,
      samples: [...(pid === process.pid ? samples : []), sample].slice(-MOST_LIVE),
    }));
  }, [process]);
  return seen.samples;
}

function cpu(value: number): string {
  return `${Math.round(value).toLocaleString(locale())} %`;
}

interface MeasureProps {
  name: string;
  hint?: string;
  /** Null: it cannot be told; undefined: nothing runs, and the most that it was is shown. */
  now: number | null | undefined;
  seconds: Curve['seconds'];
  values: (number | null)[];
  /** What the height of the plot is at least. */
  least: number;
  inWords(value: number): string;
}

/** A figure of the processes, and how it went. */
function Measure({ name, hint, now, seconds, values, least, inWords: text }: MeasureProps) {
  const words = useWords(jobWords);
  const most = text(Math.max(0, ...values.map((value) => value ?? 0)));
  const shown = now === undefined ? words.upTo(most) : now === null ? '–' : text(now);
  return (
    <div>
      <dt>{name}</dt>
      <dd title={hint} data-figure="">
        {shown}
      </dd>
      {seconds.length > 1 && (
        <dd className={styles.plot}>
          <Suspense fallback={<div className={styles.space} />}>
            <Plot
              seconds={seconds}
              values={values}
              least={least}
              inWords={text}
              label={words.plotOf(name, text(0), most)}
            />
          </Suspense>
        </dd>
      )}
    </div>
  );
}
