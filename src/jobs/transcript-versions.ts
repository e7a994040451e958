/** Transcripts in the hands of people: saved, fetched back, compared. */
import type { Store } from '../store/store.ts';
import { addVersion, engineAuthor, keepEngineVersion, type VersionHead } from '../store/transcript-versions.ts';
import { changedPassages, type Passage } from '../transcript/compare.ts';
import { editTranscript, type SegmentEdit } from '../transcript/edit.ts';
import { formatTranscript } from '../transcript/formats/index.ts';
import type { Transcript } from '../transcript/transcript.ts';
import { actor } from './actor.ts';
import { jobNotFound, TranscriptDamagedError, VersionConflictError } from './errors.ts';
import { readTranscript, transcriptVersion, type VersionedTranscript, versionsOf } from './transcript.ts';

/** A version as people and programs see it. */
export interface VersionView {
  number: number;
  /** Who made it. */
  kind: VersionHead['kind'];
  /** The person's name, or the engine and its model. */
  author: string;
  /** ISO 8601. */
  createdAt: string;
  note: string | null;
  /** Passages in which it differs from the one before it; null: an engine made it. */
  segmentsChanged: number | null;
  /** The version that it is equal to, because it was fetched back. */
  restored: number | null;
}

/**
 * All versions of a job's transcript, oldest first.
 * @throws JobNotFoundError, JobStateError when there is no transcript yet
 */
export async function versionViews(store: Store, id: number): Promise<{ versions: VersionView[] }> {
  const { job, artifact, heads } = await versionsOf(store, id);
  if (heads.length > 0) return { versions: heads.map(viewOf) };
  const createdAt = artifact?.created_at ?? job.completed_at ?? job.created_at;
  return { versions: [viewOf({ ...ONLY, author: engineAuthor(job), created_at: createdAt })] };
}

const ONLY = { number: 1, kind: 'engine', note: null, segments_changed: null, restored: null } as const;

function viewOf(version: Omit<VersionHead, 'job_id' | 'sha256'>): VersionView {
  const { number, kind, author, created_at, note, segments_changed, restored } = version;
  const createdAt = new Date(created_at).toISOString();
  return { number, kind, author, createdAt, note, segmentsChanged: segments_changed, restored };
}

/** What a person makes of a transcript. */
export interface TranscriptEdit {
  /** The version that it was made from. */
  base: number;
  /** All segments, in order. */
  segments: readonly SegmentEdit[];
  /** Names of speakers by their keys; nothing: as before. */
  speakers?: Readonly<Record<string, string>> | undefined;
  note?: string | undefined;
}

export interface Saved {
  /** The newest version now. */
  version: VersionView;
  /** False when nothing was changed: then there is no new version. */
  saved: boolean;
}

/**
 * Makes a new version, if the one that was changed is the newest.
 * @throws VersionConflictError when it is not; UsageError when the edit does not fit; and as `transcriptVersion`
 */
export async function saveTranscript(store: Store, id: number, jobDir: string, edit: TranscriptEdit): Promise<Saved> {
  const base = await transcriptVersion(store, id, jobDir);
  if (base.number !== edit.base) throw new VersionConflictError(id, edit.base, base.number);
  const transcript = editTranscript(base.transcript, edit.segments, edit.speakers);
  return await add(store, id, base, { transcript, note: edit.note ?? null, restored: null });
}

/**
 * Makes a new version that is equal to an older one.
 * @throws VersionConflictError when somebody saves meanwhile; and as `transcriptVersion`
 */
export async function restoreVersion(store: Store, id: number, jobDir: string, number: number): Promise<Saved> {
  const base = await transcriptVersion(store, id, jobDir);
  const { transcript } = await transcriptVersion(store, id, jobDir, number);
  return await add(store, id, base, { transcript, note: null, restored: number });
}

interface Change {
  transcript: Transcript;
  note: string | null;
  restored: number | null;
}

async function add(store: Store, id: number, base: VersionedTranscript, change: Change): Promise<Saved> {
  const { transcript, note, restored } = change;
  const content = JSON.stringify(transcript);
  if (content === JSON.stringify(base.transcript)) return { version: await newestView(store, id), saved: false };
  const segmentsChanged = changedPassages(base.transcript, transcript).length;
  const done = await addVersion(store, id, base, {
    ...{ author: actor(), note, segmentsChanged, restored, content },
    text: formatTranscript(transcript, 'txt'),
    reason: reasonOf(base.number + 1, segmentsChanged, restored),
  });
  if (!done) throw await jobNotFound(store, id);
  if (!done.won) throw new VersionConflictError(id, base.number, done.newest);
  return { version: await newestView(store, id, done.newest), saved: true };
}

async function newestView(store: Store, id: number, number?: number): Promise<VersionView> {
  const { versions } = await versionViews(store, id);
  return versions.find((version) => version.number === number) ?? (versions.at(-1) as VersionView);
}

function reasonOf(number: number, segmentsChanged: number, restored: number | null): string {
  if (restored !== null) return `Version ${restored} of the transcript fetched back as version ${number}`;
  return `Transcript edited: version ${number}, ${segmentsChanged} ${segmentsChanged === 1 ? 'passage' : 'passages'} changed`;
}

export interface Comparison {
  from: number;
  to: number;
  /** Passages that differ, in all. */
  changed: number;
  /** Keys of speakers that have another name. */
  speakers: { speaker: string; from: string | null; to: string | null }[];
  passages: Passage[];
  /** Where the next page begins; null: this is the last one. */
  next: number | null;
}

/**
 * What is different between two versions.
 * @param page `after`: so many passages that differ are left out; `limit`: at most so many are told
 * @throws as `transcriptVersion`
 */
export async function compareVersions(
  store: Store,
  id: number,
  jobDir: string,
  { from, to, after, limit }: { from: number; to: number; after: number; limit: number },
): Promise<Comparison> {
  const earlier = await transcriptVersion(store, id, jobDir, from);
  const later = await transcriptVersion(store, id, jobDir, to);
  const all = changedPassages(earlier.transcript, later.transcript);
  return {
    from,
    to,
    changed: all.length,
    speakers: renamed(earlier.transcript.speakers ?? {}, later.transcript.speakers ?? {}),
    passages: all.slice(after, after + limit),
    next: after + limit < all.length ? after + limit : null,
  };
}

function renamed(from: Record<string, string>, to: Record<string, string>): Comparison['speakers'] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .map((speaker) => ({ speaker, from: from[speaker] ?? null, to: to[speaker] ?? null }))
    .filter((one) => one.from !== one.to);
}

/** Keeps what an engine made as a version, because the job is done again and its file written anew. */
export async function keepTranscript(store: Store, id: number, jobDir: string): Promise<void> {
  const { job, artifact, heads } = await versionsOf(store, id);
  const file = await readTranscript(jobDir, artifact?.path).catch((error: unknown) => {
    // One that is damaged is what shall be made again.
    if (error instanceof TranscriptDamagedError) return undefined;
    throw error;
  });
  if (!file || (heads.length === 0 && file.sha256 !== artifact?.sha256)) return;
  const createdAt = artifact?.created_at ?? store.clock.now();
  const { content, sha256 } = file;
  await keepEngineVersion(store, id, { author: engineAuthor(job), createdAt, sha256, content });
}
