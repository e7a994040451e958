import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { LookUpClient } from '../../api/client.ts';
import type { ApiContext } from '../../api/context.ts';
import { systemClock } from '../../domain/clock.ts';
import { duration } from '../../domain/duration.ts';
import type { RunUsage } from '../../jobs/usage.ts';
import type { JobDetails, RunView } from '../../jobs/view.ts';
import { VERSION } from '../../version.ts';
import { jobIdOf } from '../arguments.ts';
import { byteSize, clockTime, count, print, printJson, say, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  evidence?: string;
  json?: boolean;
}

type ProcessStatus = Awaited<ReturnType<ApiContext['processStatus']>>;

/** A job, and while it is worked on the process that does. */
interface Shown extends JobDetails {
  process: ProcessStatus | null;
}

const EXAMPLE = `
With --evidence all that may tell why a job failed is written into a new folder DIR/job-ID (README.txt in it says
what is where), to be looked through or handed on. It holds no sound and no text. What is there already stays as it
is; then the folder is job-ID-2, and so on.

Examples:
  longhand show 12
  longhand show 12 --evidence .`;

const BYTES_PER_MB = 1024 * 1024;

export function defineShow(program: Command, shell: Shell): void {
  program
    .command('show')
    .description('tell everything about a job: stages, runs, files, what went wrong')
    .argument('<id>', 'number of the job')
    .option('--evidence <dir>', 'write what may tell why it failed into a folder in DIR')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action((id: string, flags: Flags) =>
      flags.evidence === undefined
        ? show(shell, jobIdOf(id), flags.json ?? false)
        : writeDown(shell, jobIdOf(id), resolve(flags.evidence), flags.json ?? false),
    );
}

async function show(shell: Shell, id: number, json: boolean): Promise<void> {
  const { lookUp } = await import('../look-up.ts');
  const job = await lookUp(shell, await shell.config(), (api) => jobAndProcess(api, id));
  if (json) return printJson(job);
  print([summary(job), stages(job), runs(job), artifacts(job), history(job)].filter(Boolean).join('\n\n'));
}

async function writeDown(shell: Shell, id: number, folder: string, json: boolean): Promise<void> {
  const [{ lookUp }, { EVIDENCE_LOG_LINES, evidenceFiles, writeEvidence }] = await Promise.all([
    import('../look-up.ts'),
    import('../../jobs/evidence.ts'),
  ]);
  const known = await lookUp(shell, await shell.config(), async (api) => ({
    job: await jobAndProcess(api, id),
    usage: (await api.get<{ runs: RunUsage[] }>(`/api/jobs/${id}/usage`)).runs,
    log: await api.getText(`/api/jobs/${id}/log?lines=${EVIDENCE_LOG_LINES}`),
  }));
  const files = evidenceFiles({ ...known, at: new Date(systemClock.now()).toISOString(), version: VERSION });
  const path = await writeEvidence(folder, id, files);
  if (json) return printJson({ id, folder: path, files: [...files.keys()] });
  print(path);
  say(`Wrote the evidence of job ${id}. Begin with README.txt in it.`);
}

async function jobAndProcess(api: LookUpClient, id: number): Promise<Shown> {
  const job = await api.get<JobDetails>(`/api/jobs/${id}/details`);
  if (job.status !== 'processing') return { ...job, process: null };
  const found = await api.get<ProcessStatus>(`/api/jobs/${id}/process`);
  return { ...job, process: found.running ? found : null };
}

function summary(job: Shown): string {
  const lines = [
    ['Job', `${job.id}  ${shown(job.filename)}`],
    ['Status', `${job.status}  ${Math.floor(job.progress)} %  ${job.stage}`],
    ...inQueue(job),
    ...(job.process ? [['Process', figuresOf(job.process)]] : []),
    ...expected(job),
    ['File', shown(job.path ?? '-')],
    ['Length', clockTime(job.durationSeconds)],
    ['Worked', `${clockTime(job.elapsedSeconds)}${job.speed > 0 ? `  ${job.speed.toFixed(1)}x realtime` : ''}`],
    ['Engine', `${job.engine ?? '-'}, model ${job.model}, language ${job.language ?? '-'}`],
    ...(job.modelReason ? [['Model', `${shown(job.model)}: ${job.modelReason}`]] : []),
    [
      'Chunks',
      `${job.chunks.complete} of ${job.chunks.total} done${job.chunks.failed ? `, ${job.chunks.failed} failed` : ''}`,
    ],
    ['Log', shown(job.log ?? '-')],
    ...failures(job),
  ];
  if (job.error) lines.push(['Error', `${job.error.message} (${job.error.kind})`]);
  if (job.error?.remedy) lines.push(['', job.error.remedy]);
  return table(lines);
}

/** What is expected of a job that is not done. */
function expected({ secondsLeft, startsAt, endsAt, why }: Shown): string[][] {
  if (secondsLeft !== null) return [['Expected', `about ${duration(secondsLeft)} left, done at ${time(endsAt)}`]];
  const starts = startsAt === null ? [] : [['Expected', `starts at about ${time(startsAt)}, done at ${time(endsAt)}`]];
  return [...starts, ...(why === null ? [] : [['Waits', why]])];
}

function inQueue({ position, priority, status, pausedBy }: Shown): string[][] {
  const place = position === null ? '' : `number ${position}`;
  const wish = priority === 0 ? '' : `priority ${priority}`;
  const pause = status === 'paused' && pausedBy ? `paused by ${pausedBy}` : '';
  const words = [place, wish, pause].filter(Boolean).join(', ');
  return words ? [['Queue', words]] : [];
}

function figuresOf({ pid, cpuPercent, memoryMb, elapsedSeconds }: ProcessStatus): string {
  return [
    `pid ${pid}`,
    cpuPercent === null ? '' : `CPU ${Math.round(cpuPercent)} %`,
    memoryMb === null ? '' : `memory ${byteSize(Math.round(memoryMb * BYTES_PER_MB))}`,
    elapsedSeconds === null ? '' : `since ${clockTime(elapsedSeconds)}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** Two kinds of count: runs that say what is wrong, and runs that end without a word. */
function failures({ errors, crashes, crashCount }: JobDetails): string[][] {
  if (errors + crashes === 0) return [];
  const inARow = crashCount > 0 ? ` (${crashCount} in a row without a newly finished chunk)` : '';
  return [['Failures', `${count(errors, 'error')}, ${count(crashes, 'crash', 'crashes')}${inARow}`]];
}

function stages({ stages: all }: JobDetails): string {
  const rows = all.map(({ name, status, startedAt, endedAt, error }) => [
    `  ${name}`,
    status,
    time(startedAt),
    time(endedAt),
    error ?? '',
  ]);
  return `Stages\n${table(rows)}`;
}

function runs({ runs: all }: JobDetails): string {
  if (all.length === 0) return '';
  const rows = all.map((run) => [
    `  ${run.number}`,
    time(run.startedAt),
    time(run.endedAt),
    run.outcome ?? 'running',
    figures(run),
  ]);
  const evidence = all.filter((run) => run.evidence).at(-1);
  const tail = evidence ? `\n\nEvidence of run ${evidence.number}\n${indent(evidence.evidence ?? '')}` : '';
  return `Runs\n${table(rows)}${tail}`;
}

function figures(run: RunView): string {
  return [
    `${run.chunksCommitted} chunks`,
    run.cpuSeconds === null ? '' : `CPU ${run.cpuSeconds.toFixed(1)} s`,
    run.peakMemoryBytes === null ? '' : `memory ${byteSize(run.peakMemoryBytes)}`,
    run.error?.message ?? run.reason ?? '',
  ]
    .filter(Boolean)
    .join(', ');
}

function artifacts({ artifacts: all }: JobDetails): string {
  if (all.length === 0) return '';
  return `Files\n${table(all.map(({ name, path, bytes, sha256 }) => [`  ${name}`, path, byteSize(bytes), `sha256 ${sha256}`]))}`;
}

function history({ history: all }: JobDetails): string {
  return `History\n${table(all.map(({ at, sentence }) => [`  ${time(at)}`, shown(sentence)]))}`;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function time(iso: string | null): string {
  return iso === null ? '-' : iso.slice(0, 19).replace('T', ' ');
}
