import { constants, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import type { OnLeave } from '../domain/job.ts';
import type { Engine, EngineName, EngineSettings } from '../engines/engine.ts';
import { sha256OfFile } from '../files/hash.ts';
import type { JobParameters } from '../pipeline/order.ts';
import { getJob, insertJob, JobExistsError, type NewJob } from '../store/jobs.ts';
import type { JobRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { noteWatched } from '../store/watched-files.ts';
import { actor } from './actor.ts';
import { chooseEngine } from './choose-engine.ts';
import { type Duplicate, insertUnlessDone } from './duplicates.ts';
import { JobStateError } from './errors.ts';
import type { Lengths } from './lengths.ts';
import type { NotificationControl } from './notifications.ts';
import { notifyOfJob, targetsForJob } from './notify-wish.ts';
import { pageLeaveOf } from './page-leave.ts';
import type { Submission } from './submission.ts';

export interface SubmitContext {
  store: Store;
  engines: readonly Engine[];
  settings: EngineSettings;
  /** Finds out how long the recordings are that wait; without it they are looked at when their turn comes. */
  lengths?: Lengths;
  /** What becomes of jobs whose pages are left, where the pages do not say. */
  onLeave?: OnLeave;
  /** Who tells others of the ends of jobs; without it nobody can be told. */
  notifications?: NotificationControl;
  /** Called before a job is made; where it throws none is. */
  makeRoom?(): Promise<void>;
}

export interface Submitted {
  id: number;
  filename: string;
  engine: EngineName;
  model: string;
  /** Set when the job was there already, under the number asked for. */
  existed?: true;
  /** Set when the same recording was handed in before with the same wish: `id` is that job, and no other was made. */
  duplicateOf?: Duplicate;
  /** A job for the same recording that was asked for in another way. */
  earlier?: number;
}

/**
 * Accepts a recording as a job. With a number it may be done twice: the second time finds the job of the first. Without one
 * the same content, wherever it is, is found by its sha256: then no other job is made unless `again` is set.
 * @throws UsageError when there is nothing to transcribe or nothing to do it with; then no job exists. JobStateError when
 * the number belongs to a job for another recording
 */
export async function submit(context: SubmitContext, wish: Submission): Promise<Submitted> {
  const facts = await requireFile(wish.path);
  const known = await submittedBefore(context.store, wish);
  if (known) return known;
  try {
    return await accept(context, wish, facts);
  } catch (error) {
    // The same wish, sent twice at the same time.
    const taken = error instanceof JobExistsError ? await submittedBefore(context.store, wish) : undefined;
    if (!taken) throw error;
    return taken;
  }
}

async function accept(context: SubmitContext, wish: Submission, facts: Stats) {
  const { store, engines, settings, lengths, makeRoom, notifications } = context;
  const told = wish.notify && targetsForJob(notifications, wish.notify);
  const { engine, model } = await chooseEngine(engines, settings, wish);
  requireChunkFits(engine, wish);
  const { path, id: number, again, watched, clientId, onLeave, upload, userId, priority, notify, ...asked } = wish;
  const parameters: JobParameters = { ...asked, engine: engine.name };
  const job = {
    ...(number === undefined ? {} : { id: number }),
    filename: upload?.filename ?? basename(path),
    originalPath: path,
    engine: engine.name,
    model: model.name,
    language: wish.language,
    processes: wish.processes,
    workers: wish.workers,
    parameters,
    sourceBytes: facts.size,
    sourceModifiedMs: Math.round(facts.mtimeMs),
    stages: STAGES,
    ...pageLeaveOf({ clientId, onLeave }, context.onLeave),
    ...(upload ? { sourceSha256: upload.sha256 } : {}),
    ...(userId === undefined ? {} : { userId }),
    ...(priority === undefined ? {} : { priority }),
    watched: watched ?? false,
    ...(told ? { notify: told } : {}),
    actor: watched ? 'watch' : actor(),
  } satisfies NewJob;
  const answer = (id: number) => ({ id, filename: job.filename, engine: engine.name, model: model.name });
  if (number !== undefined || again) {
    await makeRoom?.();
    const id = await insertJob(store, job);
    lengths?.find(id, path);
    return answer(id);
  }
  const { id, duplicateOf, earlier } = await insertUnlessDone(store, job, makeRoom);
  if (!duplicateOf) lengths?.find(id, path);
  else if (watched) await noteWatched(store.db, watchedFile(job), id, store.clock.now());
  if (duplicateOf && told) await notifyOfJob(store, id, told);
  return { ...answer(id), ...(duplicateOf ? { duplicateOf } : {}), ...(earlier === undefined ? {} : { earlier }) };
}

const STAGES = {
  download: 'skipped',
  prepare: 'not_started',
  transcribe: 'not_started',
  diarize: 'skipped',
  quotes: 'skipped',
  summary: 'skipped',
} as const;

function watchedFile(job: { originalPath: string; sourceBytes: number; sourceModifiedMs: number }) {
  return { path: job.originalPath, bytes: job.sourceBytes, modifiedMs: job.sourceModifiedMs };
}

/** The job that has the number already. @throws JobStateError when it is for another recording */
async function submittedBefore(store: Store, { id, path, userId }: Submission): Promise<Submitted | undefined> {
  const job = id === undefined ? undefined : await getJob(store, id);
  if (!job) return undefined;
  // Of others' jobs nothing is told but that the number is taken.
  if (userId !== undefined && job.user_id !== userId) throw new JobExistsError(job.id);
  if (job.original_path !== path) {
    throw new JobStateError(
      `Job ${job.id} is for another recording, "${job.original_path}".`,
      `Choose another number for "${path}".`,
    );
  }
  if (await wasChanged(job, path)) {
    throw new JobStateError(
      `"${path}" is no longer the recording that job ${job.id} was made for.`,
      'Put the first one back, or choose another number for the new one.',
    );
  }
  const { filename, engine, model } = job;
  return { id: job.id, filename, engine: engine as EngineName, model, existed: true };
}

/** Whether the recording is not the one that the job's runs saw. Read only when its size or time is another one. */
async function wasChanged(job: JobRow, path: string): Promise<boolean> {
  if (job.source_sha256 === null) return false;
  const { size, mtimeMs } = await stat(path);
  if (size === job.source_bytes && Math.round(mtimeMs) === job.source_modified_ms) return false;
  return (await sha256OfFile(path)) !== job.source_sha256;
}

/**
 * Makes sure that a path is a file that can be read.
 * @returns what the system says of it
 * @throws UsageError
 */
export async function requireFile(path: string): Promise<Stats> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new UsageError(`There is no file "${path}".`, 'Check the name; quotes help when it has spaces.');
    }
    throw new UsageError(
      `"${path}" cannot be read (${error.code}).`,
      'Check the permissions of the file and its folders.',
    );
  });
  if (facts.isDirectory()) {
    throw new UsageError(`"${path}" is a folder.`, 'Name the files in it instead.');
  }
  if (!facts.isFile()) throw new UsageError(`"${path}" is not a regular file.`, 'Copy the recording to a file first.');
  await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`"${path}" cannot be read (${error.code}).`, 'Check the permissions of the file.');
  });
  return facts;
}

function requireChunkFits(engine: Engine, { chunkDurationSeconds, overlapSeconds }: Submission): void {
  const longest = engine.maxChunkSeconds - overlapSeconds;
  if (chunkDurationSeconds === undefined || chunkDurationSeconds <= longest) return;
  throw new UsageError(
    `Chunks of ${chunkDurationSeconds} s are too long for ${engine.label}.`,
    `It takes up to ${longest} s${overlapSeconds > 0 ? ` with an overlap of ${overlapSeconds} s` : ''}.`,
  );
}
