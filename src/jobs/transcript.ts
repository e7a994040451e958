import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TRANSCRIPT_ARTIFACT } from '../pipeline/stages/transcribe.ts';
import { listArtifacts } from '../store/artifacts.ts';
import { getShortJob, type ShortJob } from '../store/job-summary.ts';
import type { ArtifactRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import {
  type EngineVersion,
  engineAuthor,
  getVersion,
  listVersions,
  type VersionHead,
} from '../store/transcript-versions.ts';
import type { Transcript } from '../transcript/transcript.ts';
import { JobStateError, jobNotFound, TranscriptDamagedError, VersionNotFoundError } from './errors.ts';

/** A version of a transcript, and what it says. */
export interface VersionedTranscript {
  /** 1, 2, … within the job. */
  number: number;
  transcript: Transcript;
  /** Set while it is the only version, of which there is no row yet. */
  engine?: EngineVersion;
}

/**
 * The newest version of the transcript of a job. One that is done again has its transcript from before until the new one is
 * there.
 * @param jobDir the job's folder of files
 * @throws as `transcriptVersion`
 */
export async function transcriptOf(store: Store, id: number, jobDir: string): Promise<Transcript> {
  return (await transcriptVersion(store, id, jobDir)).transcript;
}

/**
 * A version of the transcript of a job. What is in a file is verified against the sha256 that was recorded when it was
 * written.
 * @param jobDir the job's folder of files
 * @param wanted its number; nothing: the newest
 * @throws JobNotFoundError, JobStateError when there is no transcript yet, VersionNotFoundError, TranscriptDamagedError
 */
export async function transcriptVersion(
  store: Store,
  id: number,
  jobDir: string,
  wanted?: number,
): Promise<VersionedTranscript> {
  const known = await versionsOf(store, id);
  const number = wanted ?? known.newest;
  const head = known.heads.find((version) => version.number === number);
  if (!head && known.heads.length > 0) throw new VersionNotFoundError(id, number, known.newest);
  if (head) return { number, transcript: await contentOf(store, head, jobDir) };
  if (number !== 1) throw new VersionNotFoundError(id, number, known.newest);
  const { engine, transcript } = await onlyVersion(known, id, jobDir);
  return { number, transcript, engine };
}

export interface KnownVersions {
  job: ShortJob;
  /** The transcript as an engine made it last. */
  artifact: ArtifactRow | undefined;
  /** None while there is but what an engine made. */
  heads: VersionHead[];
  newest: number;
}

/** @throws JobNotFoundError, JobStateError when there is no transcript yet */
export async function versionsOf(store: Store, id: number): Promise<KnownVersions> {
  const job = await getShortJob(store, id);
  if (!job) throw await jobNotFound(store, id);
  const [heads, artifacts] = await Promise.all([listVersions(store, id), listArtifacts(store, id)]);
  const artifact = artifacts.find(({ name }) => name === TRANSCRIPT_ARTIFACT);
  if (heads.length === 0 && job.status !== 'completed' && !artifact) {
    throw new JobStateError(`Job ${id} is ${job.status}; it has no transcript yet.`, `See: longhand show ${id}`);
  }
  return { job, artifact, heads, newest: heads.at(-1)?.number ?? 1 };
}

/** What an engine made, as long as that is all there is. */
export async function onlyVersion(
  { job, artifact }: KnownVersions,
  id: number,
  jobDir: string,
): Promise<{ engine: EngineVersion; content: string; transcript: Transcript }> {
  const file = await readTranscript(jobDir, artifact?.path);
  const engine = { author: engineAuthor(job), createdAt: artifact?.created_at ?? 0, sha256: file.sha256 };
  if (file.sha256 === artifact?.sha256) {
    return { engine, content: file.content, transcript: JSON.parse(file.content) as Transcript };
  }
  // The file is renamed into its place right before that is written down.
  if (job.status !== 'completed')
    throw new JobStateError(`The transcript of job ${id} is just being replaced.`, 'Try again when it is done.');
  throw new TranscriptDamagedError(file.path, 'is not what Longhand wrote');
}

/** @throws TranscriptDamagedError when it is in a file that is not the one any more */
async function contentOf(store: Store, { job_id, number, sha256 }: VersionHead, jobDir: string): Promise<Transcript> {
  // It was listed a moment ago, and only goes with its job.
  const row = await getVersion(store, job_id, number);
  if (!row) throw await jobNotFound(store, job_id);
  if (row.content !== null) return JSON.parse(row.content) as Transcript;
  const file = await readTranscript(jobDir);
  if (file.sha256 !== sha256) throw new TranscriptDamagedError(file.path, 'is not what Longhand wrote');
  return JSON.parse(file.content) as Transcript;
}

/** What the file of a job's transcript holds, whatever that is. @throws TranscriptDamagedError */
export async function readTranscript(
  jobDir: string,
  name = TRANSCRIPT_FILE,
): Promise<{ path: string; content: string; sha256: string }> {
  const path = join(jobDir, name);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new TranscriptDamagedError(path, `cannot be read (${error.code})`);
  });
  return { path, content: bytes.toString('utf8'), sha256: createHash('sha256').update(bytes).digest('hex') };
}

const TRANSCRIPT_FILE = `${TRANSCRIPT_ARTIFACT}.json`;
