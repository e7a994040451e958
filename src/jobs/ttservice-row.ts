/** What a row of TTService becomes here. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { JobStatus } from '../domain/job.ts';
import { PROGRESS_MARKS, type StageName, type StageStatus } from '../domain/stage.ts';
import type { JobParameters } from '../pipeline/order.ts';
import type { NewArtifact } from '../store/artifacts.ts';
import type { ImportedJob } from '../store/import-job.ts';
import type { TtserviceJob } from '../store/ttservice.ts';

/** TTService itself takes a job for lost that has been silent for so long. */
const SILENT_MS = 300_000;
const FINISHED: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);
const UNFINISHED: ReadonlySet<string> = new Set(['pending', 'queued', 'processing', 'running', 'retrying', 'paused']);
/** TTService knew no other engine. */
const ITS_ENGINE = 'whisper';

/** The state of a job here, and why, in words for a person. */
export interface Fate {
  status: JobStatus;
  reason: string;
}

/** TTService keeps paths as they were given to it, which may count from its folder, above that of the database. */
export function withFullPaths(job: TtserviceJob, database: string): TtserviceJob {
  const data = dirname(resolve(database));
  const folder = dirname(data);
  const full = (named: string | null) => {
    if (named === null || isAbsolute(named)) return named;
    const places = [join(folder, named), join(data, named)];
    return places.find((place) => existsSync(place)) ?? join(folder, named);
  };
  const log = full(job.logFilePath);
  return {
    ...job,
    originalPath: full(job.originalPath),
    outputPath: full(job.outputPath),
    // A log is shown to whoever asks for it, so it must be one of TTService's.
    logFilePath: log !== null && resolve(log).startsWith(folder + sep) ? log : null,
  };
}

/**
 * Whether a process of TTService works on the job. A number alone does not tell whose process it is: the number of one that
 * has been silent for long is another program's by now.
 */
export function isWorkedOn(job: TtserviceJob, now: number): boolean {
  const { status, processId, lastHeartbeat, startedAt } = job;
  if (!UNFINISHED.has(status) || processId === null) return false;
  const heard = lastHeartbeat ?? startedAt ?? now;
  return now - heard < SILENT_MS && isAlive(processId);
}

function isAlive(processId: number): boolean {
  if (processId <= 0) return false;
  try {
    // Signal 0 is none: the kernel only says whether there is such a process (kill(2)).
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What becomes of a job on which nobody works. */
export function fateOf({ status, originalPath }: TtserviceJob): Fate {
  if (FINISHED.has(status)) {
    return { status: status as JobStatus, reason: `Imported from TTService, where it was ${status}.` };
  }
  if (!UNFINISHED.has(status)) {
    return { status: 'failed', reason: `TTService had left it in a state that is none, "${status}".` };
  }
  const left = `TTService had left it ${status} and no process works on it`;
  if (originalPath !== null && existsSync(originalPath)) {
    return { status: status === 'paused' ? 'paused' : 'pending', reason: `${left}; it can be resumed.` };
  }
  const gone = originalPath === null ? 'its recording is not known' : `its recording "${originalPath}" is gone`;
  return { status: 'failed', reason: `${left}, and ${gone}.` };
}

/** Where a job's text is when it has one. */
interface Text {
  text: string;
  artifact: NewArtifact;
}

/**
 * The job as it shall stand here.
 * @param parameters with what it is worked on when somebody asks for it again
 * @param now for a row without any time
 */
export function importedJob(
  job: TtserviceJob,
  { status, reason }: Fate,
  { parameters, done, now }: { parameters: JobParameters; done?: Text | undefined; now: number },
): ImportedJob {
  return {
    importedFrom: job.key,
    formerId: job.id,
    row: {
      filename: job.filename,
      original_path: job.originalPath,
      output_path: job.outputPath,
      duration_minutes: job.durationMinutes,
      processes: job.processes,
      workers: job.workers,
      language: parameters.language,
      parameters: JSON.stringify(parameters),
      elapsed_seconds: job.elapsedSeconds,
      limit_from_seconds: job.elapsedSeconds,
      speed: job.speed,
      transcript: done?.text ?? job.transcript,
      estimated_duration: job.estimatedDuration,
      retry_count: job.retryCount,
      task_id: job.taskId,
      process_id: job.processId,
      log_file_path: job.logFilePath,
      last_heartbeat: job.lastHeartbeat,
      user_id: job.userId,
      space_id: job.spaceId,
      status,
      ...timesOf(job, status, now),
      ...progressOf(job, status),
      ...errorOf(job, { status, reason }),
      ...(FINISHED.has(job.status) ? { engine: ITS_ENGINE, model: job.model } : askedOf(parameters)),
      ...(status === 'paused' ? { paused_by: 'import' } : {}),
    },
    stages: stagesOf(status),
    artifact: done?.artifact,
    reason,
    data: { ttservice: { id: job.id, status: job.status, model: job.model, progress: job.progress } },
  };
}

function askedOf({ engine, model }: JobParameters) {
  return { engine, model };
}

function timesOf(job: TtserviceJob, status: JobStatus, now: number) {
  const created = job.createdAt ?? job.startedAt ?? job.completedAt ?? now;
  const last = job.completedAt ?? job.updatedAt ?? job.lastHeartbeat ?? job.startedAt ?? created;
  return {
    created_at: created,
    updated_at: job.updatedAt ?? last,
    started_at: job.startedAt,
    completed_at: FINISHED.has(status) ? last : null,
  };
}

/** Who begins anew has done nothing yet. */
function progressOf(job: TtserviceJob, status: JobStatus) {
  if (status === 'completed') return { progress: 100, progress_stage: PROGRESS_MARKS.complete.words() };
  if (!FINISHED.has(status)) return { progress: 0, progress_stage: 'pending' };
  return { progress: job.progress, progress_stage: job.progressStage ?? 'pending' };
}

function errorOf(job: TtserviceJob, { status, reason }: Fate) {
  if (status !== 'failed') return { error_message: status === 'cancelled' ? job.errorMessage : null };
  const message = job.status === 'failed' ? (job.errorMessage ?? 'TTService kept no reason.') : reason;
  return { error_message: message, error_kind: 'unknown', error_remedy: 'Transcribe the recording again.' } as const;
}

function stagesOf(status: JobStatus): Partial<Record<StageName, StageStatus>> {
  const worked = status === 'completed' ? 'complete' : 'not_started';
  return {
    ...{ download: 'skipped', prepare: worked, transcribe: worked },
    ...{ diarize: 'skipped', quotes: 'skipped', summary: 'skipped' },
  };
}
