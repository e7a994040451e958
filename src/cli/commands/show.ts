import type { Command } from 'commander';
import type { JobDetails, RunView } from '../../jobs/view.ts';
import { jobIdOf } from '../arguments.ts';
import { byteSize, clockTime, print, printJson, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';

const EXAMPLE = `
Example:
  longhand show 12`;

export function defineShow(program: Command, shell: Shell): void {
  program
    .command('show')
    .description('tell everything about a job: stages, runs, files, what went wrong')
    .argument('<id>', 'number of the job')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action((id: string, { json }: { json?: boolean }) => show(shell, jobIdOf(id), json ?? false));
}

async function show(shell: Shell, id: number, json: boolean): Promise<void> {
  const { ask } = await import('../session.ts');
  const job = await ask(shell, await shell.config(), (api) => api.get<JobDetails>(`/api/jobs/${id}`));
  if (json) return printJson(job);
  print([summary(job), stages(job), runs(job), artifacts(job), events(job)].filter(Boolean).join('\n\n'));
}

function summary(job: JobDetails): string {
  const lines = [
    ['Job', `${job.id}  ${shown(job.filename)}`],
    ['Status', `${job.status}  ${Math.floor(job.progress)} %  ${job.stage}`],
    ['File', shown(job.path ?? '-')],
    ['Length', clockTime(job.durationSeconds)],
    ['Worked', `${clockTime(job.elapsedSeconds)}${job.speed > 0 ? `  ${job.speed.toFixed(1)}x realtime` : ''}`],
    ['Engine', `${job.engine ?? '-'}, model ${job.model}, language ${job.language ?? '-'}`],
    [
      'Chunks',
      `${job.chunks.complete} of ${job.chunks.total} done${job.chunks.failed ? `, ${job.chunks.failed} failed` : ''}`,
    ],
    ['Log', shown(job.log ?? '-')],
  ];
  if (job.error) lines.push(['Error', `${job.error.message} (${job.error.kind})`]);
  if (job.error?.remedy) lines.push(['', job.error.remedy]);
  return table(lines as string[][]);
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

function events({ events: all }: JobDetails): string {
  const rows = all.map(({ at, from, to, actor, reason }) => [
    `  ${time(at)}`,
    from && to ? `${from} → ${to}` : (to ?? ''),
    actor,
    reason ?? '',
  ]);
  return `History\n${table(rows)}`;
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
