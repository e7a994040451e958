import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import type { Job, JobProcess } from '../../../api-types.ts';
import { Card } from '../../../components/Page.tsx';
import { inBytes, inWords, locale } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import { usageQuery } from '../queries.ts';
import { jobWords } from '../words.ts';
import { curveOf, type Sample, sampleOf } from './curve.ts';
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
  const most = (values: (number | null)[]) => Math.max(0, ...values.map((value) => value ?? 0));
  return (
    <Card title={words.machine}>
      <dl className={styles.figures}>
        <div>
          <dt>{words.cpu}</dt>
          <dd title={words.cpuHint} data-figure="">
            {now ? (now.cpuPercent === null ? '–' : cpu(now.cpuPercent)) : words.upTo(cpu(most(curve.cpuPercent)))}
          </dd>
          {curve.seconds.length > 1 && (
            <dd className={styles.plot}>
              <Suspense fallback={<div className={styles.space} />}>
                <Plot
                  seconds={curve.seconds}
                  values={curve.cpuPercent}
                  least={WHOLE_CORE}
                  inWords={cpu}
                  label={words.plotOf(words.cpu, cpu(0), cpu(most(curve.cpuPercent)))}
                />
              </Suspense>
            </dd>
          )}
        </div>
        <div>
          <dt>{words.memory}</dt>
          <dd data-figure="">
            {now
              ? now.memoryBytes === null
                ? '–'
                : inBytes(now.memoryBytes)
              : words.upTo(inBytes(most(curve.memoryBytes)))}
          </dd>
          {curve.seconds.length > 1 && (
            <dd className={styles.plot}>
              <Suspense fallback={<div className={styles.space} />}>
                <Plot
                  seconds={curve.seconds}
                  values={curve.memoryBytes}
                  least={LEAST_MEMORY}
                  inWords={inBytes}
                  label={words.plotOf(words.memory, inBytes(0), inBytes(most(curve.memoryBytes)))}
                />
              </Suspense>
            </dd>
          )}
        </div>
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
