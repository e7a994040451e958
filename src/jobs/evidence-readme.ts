/** The page of an evidence folder that is read first, perhaps by somebody who has never seen Longhand. */
import { byteSize } from '../domain/bytes.ts';
import { duration } from '../domain/duration.ts';
import type { EvidenceSources } from './evidence.ts';
import type { JobDetails, RunView } from './view.ts';

/** @param run the run that tells why the job did not go on, if there is one */
export function readmeOf({ job, at, version }: EvidenceSources, run: RunView | undefined): string {
  return `Evidence of job ${job.id}: ${job.filename}

This folder tells how Longhand worked on one recording, so that somebody can find out what went
wrong. It was written by Longhand ${version} at ${at}.
It holds no sound, nothing of the text, and no keys; only where a program answered something that
could not be understood, the beginning of that answer is kept. It does name the recording, folders
of this computer, and its system: look it through before you hand it on.

What went wrong
${listed(verdictOf(job, run))}
How it was run
${listed(circumstances(job, run))}
What is in this folder
${listed([
  ['job.json', `all that "longhand show ${job.id} --json" tells`],
  ['runs/', 'each run: parameters, versions, how it ended, what it used, its own evidence'],
  [
    'log-tail.txt',
    run ? `the last 200 lines of the log when run ${run.number} ended` : 'the last 200 lines of the log',
  ],
  ['log.txt', 'the log, its last 10,000 lines'],
  ['usage.csv', 'what the processes of each run used over time'],
  ['events.txt', 'every change of the job, by whom and why'],
])}`;
}

type Row = readonly [name: string, value: string];

function verdictOf(job: JobDetails, run: RunView | undefined): Row[] {
  const error = job.error ?? run?.error;
  const status = `${job.status} at ${Math.floor(job.progress)} %, ${job.chunks.complete} of ${job.chunks.total} chunks done`;
  if (!error && !run)
    return [
      ['The job', status],
      ['Error', 'none was recorded'],
    ];
  return [
    ['The job', status],
    ['Error', error ? `${error.message} (${error.kind})` : (run?.reason ?? 'none was recorded')],
    ...(error?.remedy ? [['What to do', error.remedy] as const] : []),
    ...(run ? [['The run', `${run.number} of ${job.runs.length}, ${run.outcome}, ${endOf(run)}`] as const] : []),
    ['Crashes', `${job.crashes} in all, ${job.crashCount} in a row without a newly finished chunk`],
    ['Errors', `${job.errors} in all`],
  ];
}

function endOf({ signal, exitCode }: RunView): string {
  if (signal) return `ended by the signal ${signal}`;
  if (exitCode !== null) return `ended with exit code ${exitCode}`;
  return 'ended by no signal';
}

function circumstances(job: JobDetails, failed: RunView | undefined): Row[] {
  const run = failed ?? job.runs.at(-1);
  if (!run) return [['Runs', 'none: it was never worked on']];
  const { engine, model, language, processes, workers, peakMemoryBytes, cpuSeconds, versions } = run;
  return [
    ['Engine', `${engine ?? 'unknown'}, model ${model ?? 'unknown'}, language ${language ?? 'unknown'}`],
    ['Asked for', `engine workers: ${processes ?? 'unknown'}, threads of each: ${workers ?? 'unknown'}`],
    ['Recording', duration(job.durationSeconds)],
    ['Peak memory', peakMemoryBytes === null ? 'not measured' : byteSize(peakMemoryBytes)],
    ['CPU time', cpuSeconds === null ? 'not measured' : duration(cpuSeconds)],
    [
      'Versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') || 'not recorded',
    ],
  ];
}

function listed(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
}
