/**
 * What a player needs of a job: its recording, in a form that browsers play, and the picture of its sound.
 *
 * Both are made once, in the job's folder, so that they go with the job: `media/playable-<sha256>.webm` and the waveform
 * (`pipeline/waveform-file.ts`), named after the content of the recording. What was made stays of use when the recording is gone.
 * What is being made is in `making/`, apart from what runs write and clear away.
 */
import { randomUUID } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DiskError, LonghandError } from '../domain/errors.ts';
import { makePrivateFolder, syncFolder, writeFileAtomically } from '../files/directory.ts';
import { diskSpaceOf } from '../files/disk-space.ts';
import { mediaFolder, type Waveform, waveformPath } from '../pipeline/waveform-file.ts';
import { getJobSummary } from '../store/job-summary.ts';
import type { JobSummary } from '../store/jobs.ts';
import { listStages } from '../store/stages.ts';
import type { Store } from '../store/store.ts';
import { jobNotFound } from './errors.ts';
import { changed, type FileIdentity, openRecording, verifyRecording } from './recording-file.ts';
import { SharedWork } from './shared-work.ts';

export type { Waveform } from '../pipeline/waveform-file.ts';

/** How long something is made on for which nobody waits any more. */
const LINGER_MS = 120_000;
/** Players come one by one; more would take the cores from the jobs. */
const AT_ONCE = 2;
/** Left free beside a copy, for the store, the logs and the jobs that run. */
const DISK_MARGIN_BYTES = 256 * 1024 ** 2;
/** Recordings that were compared with what was recorded; of more the oldest are looked at again. */
const MOST_REMEMBERED = 500;

/** What is done with sound; `src/audio` does it. */
export interface Sound {
  /** The media type of a recording that browsers play as it is. @throws InputError when it is no recording */
  playableAs(path: string, options: { signal: AbortSignal }): Promise<string | undefined>;
  /** Writes a copy that browsers play, whole or not at all. */
  makePlayable(path: string, outPath: string, options: { signal: AbortSignal }): Promise<void>;
  measureWaveform(path: string, options: { signal: AbortSignal }): Promise<Omit<Waveform, 'version'>>;
  /** Of the copies. */
  copyMediaType: string;
  /** About how many bytes a copy takes. */
  copyBytes(durationSeconds: number): number;
}

export interface MediaOptions {
  store: Store;
  dataDir: string;
  sound: Sound;
  /** The folder of a job's files. */
  jobFolder(jobId: number): string;
}

/** A file for a player. Whoever gets it closes it. */
export interface PlayableFile {
  file: FileHandle;
  bytes: number;
  mediaType: string;
  /** Changes with the content, and only then. */
  tag: string;
}

/** The recording is just being decoded, and its picture comes with that. */
export class WaveformNotReadyError extends LonghandError {
  readonly statusCode = 503;
  readonly code = 'waveform_not_ready';
  readonly retryAfterSeconds = 1;

  constructor(id: number) {
    super({
      kind: 'unknown',
      message: `Job ${id} is just reading its recording; the waveform comes with that.`,
      remedy: 'Ask again in a second.',
    });
  }
}

/** A recording that is what its job was made for. */
interface Verified {
  identity: FileIdentity;
  sha256: string;
  /** Undefined where browsers do not play it. */
  mediaType: string | undefined;
}

export class Media {
  readonly #options: MediaOptions;
  readonly #work: SharedWork;
  readonly #verified = new Map<number, Verified>();

  constructor(options: MediaOptions) {
    this.#options = options;
    // What is there was being made when another owner was killed; a data folder has one at a time.
    rmSync(makingFolder(options.dataDir), { recursive: true, force: true });
    this.#work = new SharedWork({ clock: options.store.clock, lingerMs: LINGER_MS, atOnce: AT_ONCE });
  }

  /**
   * The recording of a job for the player of a browser: as it is, or a copy, which is made when it is asked for the first time.
   * @param gone aborts when whoever asks goes away
   * @throws JobNotFoundError; RecordingGoneError; InputError when it is no recording; DiskError when there is no room for a copy
   */
  async audio(jobId: number, gone: AbortSignal): Promise<PlayableFile> {
    const job = await this.#job(jobId);
    const before = job.source_sha256 === null ? undefined : await this.#copyOf(jobId, job.source_sha256);
    if (before) return before;
    const { file, bytes, identity } = await openRecording(job);
    try {
      const { sha256, mediaType } = await this.#verify(job, identity, gone);
      if (mediaType !== undefined) return { file, bytes, mediaType, tag: sha256 };
      await this.#makeCopy(job, { identity, sha256 }, gone);
      const copy = await this.#copyOf(jobId, sha256);
      if (!copy) throw await jobNotFound(this.#options.store, jobId);
      await file.close();
      return copy;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * The picture of a job's sound. It is made while the recording is decoded; for whoever asks before that, and for
   * jobs of earlier versions, it is made now.
   * @throws as `audio`; WaveformNotReadyError while the recording is decoded
   */
  async waveform(jobId: number, gone: AbortSignal): Promise<{ waveform: Waveform; tag: string }> {
    const { store, sound, jobFolder } = this.#options;
    const job = await this.#job(jobId);
    const before = job.source_sha256 === null ? undefined : await readWaveform(jobFolder(jobId), job.source_sha256);
    if (before) return { waveform: before, tag: `${job.source_sha256}-1` };
    if (job.status === 'processing' && (await isPreparing(store, jobId))) throw new WaveformNotReadyError(jobId);
    const { file, identity } = await openRecording(job);
    await file.close();
    const { sha256 } = await this.#verify(job, identity, gone);
    const waveform = await this.#work.run(`${jobId}/waveform`, gone, async (signal) => {
      const peaks = await sound.measureWaveform(job.original_path as string, { signal });
      await this.#requireSame(job, identity);
      const made: Waveform = { version: 1, ...peaks };
      const path = waveformPath(jobFolder(jobId), sha256);
      await this.#placeWhole(path, (aside) => writeFileAtomically(aside, JSON.stringify(made)));
      return made;
    });
    return { waveform, tag: `${sha256}-1` };
  }

  /** Ends what is being made for a job that is deleted, before its folder is. */
  async forget(jobId: number): Promise<void> {
    this.#verified.delete(jobId);
    await this.#work.end(`${jobId}/`);
  }

  /** Ends everything. Idempotent. */
  async close(): Promise<void> {
    await this.#work.close();
  }

  async #job(id: number): Promise<JobSummary> {
    const { store } = this.#options;
    const job = await getJobSummary(store, id);
    if (!job) throw await jobNotFound(store, id);
    return job;
  }

  async #verify(job: JobSummary, identity: FileIdentity, gone: AbortSignal): Promise<Verified> {
    const known = this.#verified.get(job.id);
    if (known?.identity === identity && (job.source_sha256 ?? known.sha256) === known.sha256) return known;
    return await this.#work.run(`${job.id}/verify/${identity}`, gone, async (signal) => {
      const sha256 = await verifyRecording(this.#options, job, identity, signal);
      const mediaType = await this.#options.sound.playableAs(job.original_path as string, { signal });
      await this.#requireSame(job, identity);
      const verified = { identity, sha256, mediaType };
      this.#remember(job.id, verified);
      return verified;
    });
  }

  #remember(jobId: number, verified: Verified): void {
    this.#verified.delete(jobId);
    this.#verified.set(jobId, verified);
    const [oldest] = this.#verified.keys();
    if (this.#verified.size > MOST_REMEMBERED && oldest !== undefined) this.#verified.delete(oldest);
  }

  /** Programs open the recording by its path: what they read was the same file, when it still is afterwards. */
  async #requireSame(job: JobSummary, identity: FileIdentity): Promise<void> {
    const { file, identity: now } = await openRecording(job);
    await file.close();
    if (now !== identity) throw changed(job.filename);
  }

  async #makeCopy(job: JobSummary, source: Omit<Verified, 'mediaType'>, gone: AbortSignal): Promise<void> {
    const { sound, jobFolder, dataDir } = this.#options;
    await this.#work.run(`${job.id}/copy`, gone, async (signal) => {
      const { freeBytes } = await diskSpaceOf(dataDir);
      if (freeBytes < sound.copyBytes(job.duration_minutes * 60) + DISK_MARGIN_BYTES) {
        throw new DiskError(
          `There is too little space for a copy of ${JSON.stringify(job.filename)} that browsers play.`,
          'Delete jobs that are not needed any more, or make room on the disk of LONGHAND_DATA.',
        );
      }
      const path = copyPath(jobFolder(job.id), source.sha256);
      await this.#placeWhole(path, async (aside) => {
        await sound.makePlayable(job.original_path as string, aside, { signal });
        // Only now it is certain of what it is a copy.
        await this.#requireSame(job, source.identity);
      });
    });
  }

  /** Makes a file in a folder of our own, where nobody clears away; then it gets its place. */
  async #placeWhole(path: string, make: (aside: string) => Promise<unknown>): Promise<void> {
    const making = makingFolder(this.#options.dataDir);
    makePrivateFolder(making);
    const aside = join(making, randomUUID());
    try {
      await make(aside);
      makePrivateFolder(dirname(path));
      await rename(aside, path);
    } finally {
      await rm(aside, { force: true });
    }
    await syncFolder(dirname(path));
  }

  async #copyOf(jobId: number, sha256: string): Promise<PlayableFile | undefined> {
    const { sound, jobFolder } = this.#options;
    const path = copyPath(jobFolder(jobId), sha256);
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      unlessMissing,
    );
    if (!file) return undefined;
    const { size, mtimeMs } = await file.stat();
    const tag = `${sha256}-${size.toString(36)}-${Math.round(mtimeMs).toString(36)}`;
    return { file, bytes: size, mediaType: sound.copyMediaType, tag };
  }
}

function makingFolder(dataDir: string): string {
  return join(dataDir, 'making');
}

function copyPath(jobDir: string, sha256: string): string {
  return join(mediaFolder(jobDir), `playable-${sha256}.webm`);
}

async function isPreparing(store: Store, jobId: number): Promise<boolean> {
  const stages = await listStages(store, jobId);
  return stages.some(({ name, status }) => name === 'prepare' && status !== 'complete');
}

async function readWaveform(jobDir: string, sha256: string): Promise<Waveform | undefined> {
  const text = await readFile(waveformPath(jobDir, sha256), 'utf8').catch(unlessMissing);
  return text === undefined ? undefined : (JSON.parse(text) as Waveform);
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
