import { type AtOnce, goOnWith } from '../domain/at-once.ts';
import type { JobStatus, OnLeave } from '../domain/job.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import type { TranscribeOutput } from '../pipeline/stages/decide.ts';
import { listArtifacts } from '../store/artifacts.ts';
import { chunkCounts } from '../store/chunks.ts';
import { listEvents } from '../store/events.ts';
import { getJobSummary, getShortJob, type ShortJob } from '../store/job-summary.ts';
import { positionOf } from '../store/positions.ts';
import { listRuns } from '../store/runs.ts';
import type { ArtifactRow, RunRow, StageRow } from '../store/schema.ts';
import { listStages } from '../store/stages.ts';
import type { Store } from '../store/store.ts';
import type { About } from '../transcript/formats/index.ts';
import { jobNotFound } from './errors.ts';
import { type EventView, eventViewOf, type HistoryLine, historyOf } from './history.ts';
import { keptViewOf } from './kept-views.ts';
import { type JobTimes, type QueueContext, timesOf } from './queue-view.ts';

/** A job as people and programs see it in a list. Times are ISO 8601, durations seconds. */
export interface JobView {
  id: number;
  filename: string;
  path: string | null;
  status: JobStatus;
  /** Higher goes first; 0 when nothing was said. */
  priority: number;
  /** Its place in the queue while it waits: 1 is next. */
  position: number | null;
  /** 0 to 100. */
  progress: number;
  stage: string;
  durationSeconds: number;
  /** Seconds worked on it, all runs together. */
  elapsedSeconds: number;
  /** Seconds of recording per second of work. */
  speed: number;
  /** Seconds until it is done, while it is worked on. */
  secondsLeft: number | null;
  engine: string | null;
  model: string;
  language: string | null;
  createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
  error: { kind: string; message: string; remedy: string | null } | null;
}

/** Everything that is known of a job but its words. */
export interface JobDetails extends JobView, JobTimes {
  /** What was asked for; a run again has the same. */
  parameters: unknown;
  log: string | null;
  /** Runs that said what went wrong. Crashes are not among them. */
  errors: number;
  /** Runs that ended without a word, by themselves or with their owner. */
  crashes: number;
  /** Crashes in a row without a newly finished chunk: the third quarantines the job. */
  crashCount: number;
  /** How often it was tried again because of an error. */
  retryCount: number;
  /** Who paused it, while it is paused. */
  pausedBy: string | null;
  /** What becomes of it when the page that started it is closed. */
  onLeave: OnLeave;
  /** Why its model was chosen, where it was. */
  modelReason: string | null;
  chunks: { total: number; complete: number; failed: number };
  stages: StageView[];
  runs: RunView[];
  artifacts: ArtifactView[];
  events: EventView[];
  /** The events and the ends of the runs, as sentences, the first first. */
  history: HistoryLine[];
}

export interface StageView {
  name: string;
  status: string;
  startedAt: string | null;
  endedAt: string | null;
  /** While it goes on. */
  estimatedEndAt: string | null;
  error: string | null;
}

export interface ArtifactView {
  name: string;
  stage: string;
  /** Relative to the job's folder. */
  path: string;
  sha256: string;
  bytes: number;
}

export interface RunView {
  number: number;
  startedAt: string;
  endedAt: string | null;
  outcome: string | null;
  reason: string | null;
  engine: string | null;
  model: string | null;
  language: string | null;
  processes: number | null;
  workers: number | null;
  /** As the job was submitted with them. */
  parameters: unknown;
  /** Program name to version. */
  versions: Record<string, string>;
  pid: number | null;
  exitCode: number | null;
  signal: string | null;
  error: { kind: string; message: string; remedy: string | null } | null;
  evidence: string | null;
  chunksCommitted: number;
  peakMemoryBytes: number | null;
  cpuSeconds: number | null;
}

const EVENTS_SHOWN = 1000;

/**
 * A row as a view, with its place among those that wait.
 * @param live what its runner says, while it is worked on: a row tells it only now and then
 */
export function viewOf(job: ShortJob, position?: number, live?: ProgressReport): JobView {
  return {
    id: job.id,
    filename: job.filename,
    path: job.original_path,
    status: job.status,
    priority: job.priority,
    position: position ?? null,
    progress: Math.max(job.progress, live?.percent ?? 0),
    stage: live?.stage ?? job.progress_stage,
    durationSeconds: job.duration_minutes * 60,
    elapsedSeconds: job.elapsed_seconds,
    speed: live?.speed ?? job.speed,
    secondsLeft: live?.secondsLeft ?? null,
    engine: job.engine,
    model: job.model,
    language: job.language,
    createdAt: iso(job.created_at),
    startedAt: isoOrNull(job.started_at),
    completedAt: isoOrNull(job.completed_at),
    error: errorOf(job),
  };
}

/**
 * A job in short. Most of what it costs is one question to the store, so that many may ask for it often.
 * @throws JobNotFoundError
 */
export function summaryOf(
  { store, progressOf }: Pick<QueueContext, 'store' | 'progressOf'>,
  id: number,
): AtOnce<Readonly<JobView>> {
  return goOnWith(getShortJob(store, id), (job) => {
    if (!job) return jobNotFound(store, id).then((error) => Promise.reject(error));
    if (job.status === 'pending') {
      return positionOf(store, id).then((position) => viewOf(job, position, progressOf(id)));
    }
    return keptViewOf(job, progressOf(id));
  });
}

/**
 * What the recording of a job is called, and when it was handed in.
 * @throws JobNotFoundError
 */
export async function aboutOf(store: Store, id: number): Promise<About> {
  const job = await getShortJob(store, id);
  if (!job) throw await jobNotFound(store, id);
  return { title: job.filename, createdAt: job.created_at };
}

/** @throws JobNotFoundError */
export async function detailsOf(queue: QueueContext, id: number): Promise<JobDetails> {
  const { store } = queue;
  const job = await getJobSummary(store, id);
  if (!job) throw await jobNotFound(store, id);
  const [counts, stages, runs, artifacts, events, position, times] = await Promise.all([
    chunkCounts(store, id),
    listStages(store, id),
    listRuns(store, id),
    listArtifacts(store, id),
    listEvents(store, { jobId: id, limit: EVENTS_SHOWN }),
    positionOf(store, id),
    timesOf(queue, job),
  ]);
  const runViews = runs.map(runViewOf);
  const eventViews = events.map(eventViewOf);
  return {
    ...viewOf(job, position, queue.progressOf(id)),
    ...times,
    parameters: parametersShown(job.parameters),
    log: job.log_file_path,
    errors: runs.filter(({ outcome }) => outcome === 'failed').length,
    crashes: runs.filter(isCrash).length,
    crashCount: job.crash_count,
    retryCount: job.retry_count,
    pausedBy: job.paused_by,
    onLeave: job.on_leave ?? 'continue',
    modelReason: modelReasonOf(stages),
    chunks: { total: counts.total, complete: counts.complete, failed: counts.error },
    stages: stages.map(stageViewOf),
    runs: runViews,
    artifacts: artifacts.map(artifactViewOf),
    events: eventViews,
    history: historyOf(eventViews, runViews),
  };
}

function modelReasonOf(stages: readonly StageRow[]): string | null {
  const output = stages.find(({ name }) => name === 'transcribe')?.output;
  return (JSON.parse(output ?? 'null') as TranscribeOutput | null)?.model.reason ?? null;
}

/** An owner that died takes its runs along; what had finished a chunk by then is not to blame. */
function isCrash({ outcome, chunks_committed }: RunRow): boolean {
  return outcome === 'crashed' || (outcome === 'orphaned' && chunks_committed === 0);
}

/** A row as a view. */
export function stageViewOf(stage: StageRow): StageView {
  return {
    name: stage.name,
    status: stage.status,
    startedAt: isoOrNull(stage.started_at),
    endedAt: isoOrNull(stage.ended_at),
    estimatedEndAt: isoOrNull(stage.estimated_end_at),
    error: stage.error_message,
  };
}

/** A row as a view. */
export function artifactViewOf({ name, stage, path, sha256, bytes }: ArtifactRow): ArtifactView {
  return { name, stage, path, sha256, bytes };
}

/** A row as a view. */
export function runViewOf(run: RunRow): RunView {
  const { number, outcome, reason, engine, model, language, processes, workers, pid, evidence } = run;
  return {
    number,
    startedAt: iso(run.started_at),
    endedAt: isoOrNull(run.ended_at),
    ...{ outcome, reason, engine, model, language, processes, workers },
    parameters: parametersShown(run.parameters),
    versions: JSON.parse(run.versions ?? '{}'),
    pid,
    exitCode: run.exit_code,
    signal: run.exit_signal,
    error: errorOf(run),
    evidence,
    chunksCommitted: run.chunks_committed,
    peakMemoryBytes: run.peak_memory_bytes,
    cpuSeconds: run.cpu_seconds,
  };
}

function errorOf(row: { error_kind: string | null; error_message: string | null; error_remedy: string | null }) {
  if (row.error_message === null) return null;
  return { kind: row.error_kind ?? 'unknown', message: row.error_message, remedy: row.error_remedy };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

/** A row that another program made may hold what is no JSON: then it is shown as it stands there. */
function parametersShown(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
