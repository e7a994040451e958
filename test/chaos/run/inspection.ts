/** Looks at all that is left when the last owner has ended: nothing lost, nothing doubled, nothing left behind. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../../src/domain/clock.ts';
import { canTransition, type JobStatus } from '../../../src/domain/job.ts';
import { openStore } from '../../../src/store/open.ts';
import type { ArtifactRow, ChunkRow, EventRow, JobRow, QueueRow, RunRow } from '../../../src/store/schema.ts';
import { processesWithToken } from '../../../src/supervisor/identity.ts';
import { type ChaosJob, excuseFor } from './chaos-job.ts';
import { Finding } from './finding.ts';

const CGROUPS = '/sys/fs/cgroup';
/** Processes that were killed with their owner are gone as soon as the kernel gets to it. */
const GONE_PATIENCE_MS = 10_000;

/** All rows about jobs. */
export interface Rows {
  jobs: JobRow[];
  queue: QueueRow[];
  runs: RunRow[];
  chunks: ChunkRow[];
  artifacts: ArtifactRow[];
  events: EventRow[];
}

/** Reads them while nobody owns the folder. */
export async function readRows(dataDir: string): Promise<Rows> {
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: systemClock });
  try {
    const { db } = store;
    return {
      jobs: await db.selectFrom('transcription_jobs').selectAll().orderBy('id').execute(),
      queue: await db.selectFrom('transcription_queue').selectAll().execute(),
      runs: await db.selectFrom('runs').selectAll().orderBy('id').execute(),
      chunks: await db.selectFrom('chunks').selectAll().execute(),
      artifacts: await db.selectFrom('artifacts').selectAll().execute(),
      events: await db.selectFrom('events').selectAll().orderBy('id').execute(),
    };
  } finally {
    await store.close();
  }
}

/**
 * @param jobs all that were accepted; the first of each recording went undisturbed
 * @param ownersKilled how many owners were
 * @throws Finding for the first thing that is not as it should be
 */
export async function inspect(dataDir: string, jobs: readonly ChaosJob[], ownersKilled: number): Promise<void> {
  const rows = await readRows(dataDir);
  demand(rows.jobs.length === jobs.length, `${jobs.length} jobs were accepted, ${rows.jobs.length} are there`);
  demand(rows.queue.length === 0, `The queue still holds ${rows.queue.length} rows`);
  for (const job of jobs) {
    demandSameText(dataDir, rows, job, jobs.find(({ recording }) => recording === job.recording) as ChaosJob);
    demandEveryChunkOnce(rows, job);
    demandSoundRuns(rows, job, ownersKilled);
    demandReplay(rows, job);
    demandCleanFolder(dataDir, job);
  }
  demandCleanHouse(dataDir);
  await demandNoProcess(rows.runs);
  demandNoControlGroup(rows.runs);
}

function demandSameText(dataDir: string, rows: Rows, { id }: ChaosJob, undisturbed: ChaosJob): void {
  const [mine, model] = [id, undisturbed.id].map((wanted) => rows.jobs.find((row) => row.id === wanted));
  demand(mine?.status === 'completed', `It is ${mine?.status ?? 'lost'}`, id);
  demand(Boolean(mine?.transcript), 'It has no text', id);
  demand(mine?.transcript === model?.transcript, `Its text is another one than undisturbed: ${mine?.transcript}`, id);
  const bytes = readFileSync(join(dataDir, 'jobs', String(id), 'transcript.json'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const recorded = (wanted: number) =>
    rows.artifacts.find(({ job_id, name }) => job_id === wanted && name === 'transcript');
  demand(sha256 === recorded(id)?.sha256, 'Its transcript is not the file that was recorded', id);
  demand(sha256 === recorded(undisturbed.id)?.sha256, 'Its transcript is another one than undisturbed', id);
}

function demandEveryChunkOnce(rows: Rows, { id }: ChaosJob): void {
  const chunks = rows.chunks.filter(({ job_id }) => job_id === id);
  const runs = rows.runs.filter(({ job_id }) => job_id === id);
  demand(chunks.length > 0 && chunks.every(({ status }) => status === 'complete'), 'Not every chunk is complete', id);
  const [speech, committed] = [
    chunks.filter((chunk) => chunk.speech === 1),
    sum(runs.map((run) => run.chunks_committed)),
  ];
  demand(committed === speech.length, `${speech.length} chunks with speech were committed ${committed} times`, id);
  for (const run of runs) {
    const its = speech.filter(({ run_id }) => run_id === run.id).length;
    demand(its === run.chunks_committed, `Run ${run.number} counts ${run.chunks_committed} chunks and has ${its}`, id);
  }
}

/** Every run has its end, the last one and no other completed the job, and no more ended badly than were made to. */
function demandSoundRuns(rows: Rows, job: ChaosJob, ownersKilled: number): void {
  const runs = rows.runs.filter(({ job_id }) => job_id === job.id);
  for (const { number, ended_at } of runs) demand(ended_at !== null, `Run ${number} has no end`, job.id);
  const completed = runs.filter(({ outcome }) => outcome === 'completed');
  demand(completed.length === 1 && completed[0] === runs.at(-1), `${completed.length} runs completed it`, job.id);
  const crashed = runs.filter(({ outcome }) => outcome === 'crashed');
  const odd = crashed.find(({ exit_signal }) => exit_signal !== 'SIGKILL');
  demand(!odd, `Run ${odd?.number} crashed by itself: ${odd?.error_message}`, job.id);
  // A runner that cannot be recorded, because the disk is full, is ended and counts as crashed.
  const lawful = job.runnerKills + job.fullDisks;
  const causes = `${job.runnerKills} of its runners were killed, ${job.fullDisks} times the disk was full`;
  demand(crashed.length <= lawful, `${crashed.length} runs crashed, ${causes}`, job.id);
  const orphaned = runs.filter(({ outcome }) => outcome === 'orphaned').length;
  demand(orphaned <= ownersKilled, `${orphaned} runs were orphaned, ${ownersKilled} owners were killed`, job.id);
  const lost = runs.find(({ reason }) => reason === 'lease lost');
  demand(!lost, `Run ${lost?.number} lost its lease: somebody else worked on the job as well`, job.id);
  const failed = runs.find((run) => run.outcome === 'failed' && !excuseFor(run.error_kind, run.error_message));
  demand(!failed, `Run ${failed?.number} failed (${failed?.error_kind}): ${failed?.error_message}`, job.id);
}

/** The events lead from nothing to the job's state, each from where the one before it ended. */
function demandReplay(rows: Rows, { id }: ChaosJob): void {
  let state: JobStatus | null = null;
  for (const { from_status, to_status, type } of rows.events.filter(({ job_id }) => job_id === id)) {
    const step = `${type} from ${from_status} to ${to_status}`;
    demand(from_status === state, `The event "${step}" follows upon ${state}`, id);
    demand(
      from_status === null || canTransition(from_status, to_status as JobStatus),
      `The event "${step}" is not legal`,
      id,
    );
    state = to_status;
  }
  demand(state === 'completed', `Its events lead to ${state}`, id);
}

function demandCleanFolder(dataDir: string, { id }: ChaosJob): void {
  const files = readdirSync(join(dataDir, 'jobs', String(id)), { recursive: true, encoding: 'utf8' });
  const left = files.filter((name) => !/^(transcript\.json|media|media\/waveform-[0-9a-f]{64}\.json)$/.test(name));
  demand(left.length === 0, `Left in its folder: ${left.join(', ')}`, id);
}

function demandCleanHouse(dataDir: string): void {
  demand(!existsSync(join(dataDir, 'owner.sock')), 'The owner left its socket');
  const parts = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.part'));
  demand(parts.length === 0, `Left unfinished: ${parts.join(', ')}`);
}

async function demandNoProcess(runs: readonly RunRow[]): Promise<void> {
  const deadline = performance.now() + GONE_PATIENCE_MS;
  for (;;) {
    const left = runs.flatMap((run) => processesWithToken(run.token).map(({ pid }) => ({ pid, jobId: run.job_id })));
    const [first] = left;
    if (!first) return;
    const pids = left.map(({ pid }) => pid).join(', ');
    demand(performance.now() < deadline, `Processes of its runs are alive: ${pids}`, first.jobId);
    await pause(20);
  }
}

function demandNoControlGroup(runs: readonly RunRow[]): void {
  const names = new Map(runs.map((run) => [`longhand-run-${run.token}`, run]));
  for (const folder of foldersBelow(CGROUPS)) {
    const run = names.get(folder.slice(folder.lastIndexOf('/') + 1));
    demand(!run, `The control group ${folder} of run ${run?.number} (${run?.outcome}) is still there`, run?.job_id);
  }
}

/** Groups of others come and go meanwhile. */
function foldersBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return entries.flatMap(({ name }) => [join(folder, name), ...foldersBelow(join(folder, name))]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function demand(holds: boolean, otherwise: string, jobId?: number): asserts holds {
  if (!holds) throw new Finding(`${otherwise}.`, jobId);
}
