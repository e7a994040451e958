import type { ReactNode } from 'react';
import type { JobDetails } from '../../api-types.ts';
import { Card } from '../../components/Page.tsx';
import { Note } from '../../components/ProblemNote.tsx';
import { inBytes, inWords, moment } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import styles from './Runs.module.css';
import { jobWords } from './words.ts';

type Run = JobDetails['runs'][number];

/** Each attempt at the job, the newest first: with what it was done, what it took, how it ended. */
export function Runs({ runs }: { runs: readonly Run[] }) {
  const words = useWords(jobWords);
  if (runs.length === 0) return null;
  const newest = runs.at(-1);
  return (
    <Card title={words.runs}>
      <div className={styles.runs}>
        {runs.toReversed().map((run) => (
          <details key={run.number} className={styles.run} open={run === newest && run.error !== null}>
            <summary className={styles.summary}>
              <span className={styles.name}>{words.run(run.number)}</span>
              <span className={run.error ? styles.bad : styles.soft}>
                {run.outcome === null ? words.runNow : (words.runOutcome[run.outcome] ?? run.outcome)}
              </span>
              <span className={styles.soft} data-figure="">
                {moment(run.startedAt)}
                {run.endedAt !== null && ` · ${inWords((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000)}`}
              </span>
            </summary>
            <div className={styles.body}>
              {run.error && (
                <Note tone="bad">
                  <p className={styles.name}>{run.error.message}</p>
                  {run.error.remedy && <p>{run.error.remedy}</p>}
                </Note>
              )}
              <Facts run={run} />
              <Folded title={words.evidenceText} text={run.evidence} />
              <Folded title={words.versions} text={versionsOf(run)} />
              <Folded title={words.parameters} text={jsonOf(run.parameters)} />
            </div>
          </details>
        ))}
      </div>
    </Card>
  );
}

function Facts({ run }: { run: Run }) {
  const words = useWords(jobWords);
  const exit = [
    run.exitCode === null ? '' : words.exitCode(run.exitCode),
    run.signal === null ? '' : words.signal(run.signal),
  ].filter(Boolean);
  const facts: [name: string, value: ReactNode][] = [
    [words.engine, [run.engine, run.model].filter(Boolean).join(' · ')],
    [words.language, run.language],
    [words.processes, run.processes],
    [words.workers, run.workers],
    [words.chunksCommitted, run.chunksCommitted],
    [words.peakMemory, run.peakMemoryBytes === null ? null : inBytes(run.peakMemoryBytes)],
    [words.cpuTime, run.cpuSeconds === null ? null : inWords(run.cpuSeconds)],
    [words.pid, run.pid],
    [words.exit, exit.join(', ')],
    [words.reason, run.reason],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) =>
        value === null || value === '' ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd data-figure="">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Folded({ title, text }: { title: string; text: string | null }) {
  if (!text) return null;
  return (
    <details>
      <summary className={styles.fold}>{title}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className={styles.place} tabIndex={0} aria-label={title}>
        <pre className={styles.text}>{text}</pre>
      </section>
    </details>
  );
}

function versionsOf({ versions }: Run): string {
  return Object.entries(versions)
    .map(([program, version]) => `${program} ${version}`)
    .join('\n');
}

function jsonOf(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value, null, 2);
}
