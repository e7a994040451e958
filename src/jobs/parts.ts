/** What a job consists of, each part on its own: runs, stages, artifacts, chunks, events. */
import { listArtifacts } from '../store/artifacts.ts';
import { chunkCounts, chunkPage } from '../store/chunks.ts';
import { listEvents } from '../store/events.ts';
import { getShortJob } from '../store/job-summary.ts';
import { listRuns } from '../store/runs.ts';
import { listStages } from '../store/stages.ts';
import type { Store } from '../store/store.ts';
import { jobNotFound } from './errors.ts';
import { type EventView, eventViewOf, sentenceOf } from './history.ts';
import { type ArtifactView, artifactViewOf, type RunView, runViewOf, type StageView, stageViewOf } from './view.ts';

/** Chunks are cut from audio of this rate (`audio/loudness.ts`). */
const SAMPLE_RATE_HZ = 16_000;

/** @throws JobNotFoundError */
export async function runsOf(store: Store, id: number): Promise<{ runs: RunView[] }> {
  await requireJob(store, id);
  return { runs: (await listRuns(store, id)).map(runViewOf) };
}

/** @throws JobNotFoundError */
export async function stagesOf(store: Store, id: number): Promise<{ stages: StageView[] }> {
  await requireJob(store, id);
  return { stages: (await listStages(store, id)).map(stageViewOf) };
}

/** @throws JobNotFoundError */
export async function artifactsOf(store: Store, id: number): Promise<{ artifacts: ArtifactView[] }> {
  await requireJob(store, id);
  return { artifacts: (await listArtifacts(store, id)).map(artifactViewOf) };
}

export interface JobEvent extends EventView {
  /** Goes up with each change. */
  id: number;
  sentence: string;
}

/**
 * What changed about a job, in order.
 * @param page `after`: only events with a greater id
 * @throws JobNotFoundError
 */
export async function eventsOf(
  store: Store,
  id: number,
  page: { after: number; limit: number },
): Promise<{ events: JobEvent[] }> {
  await requireJob(store, id);
  const rows = await listEvents(store, { jobId: id, ...page });
  return {
    events: rows.map((row) => {
      const event = eventViewOf(row);
      return { id: row.id, ...event, sentence: sentenceOf(event) };
    }),
  };
}

export interface ChunkView {
  /** Counted from 0. */
  number: number;
  startSeconds: number;
  endSeconds: number;
  speech: boolean;
  status: 'pending' | 'complete' | 'error';
  /** How often it failed. */
  attempts: number;
  engine: string | null;
  model: string | null;
  workSeconds: number | null;
  committedAt: string | null;
  error: string | null;
}

export interface ChunkViews {
  total: number;
  complete: number;
  failed: number;
  chunks: ChunkView[];
  /** The first chunk of the next page; null when this is the last one. */
  next: number | null;
}

/**
 * How far each chunk of a job is.
 * @param page `from`: the first chunk wanted
 * @throws JobNotFoundError
 */
export async function chunksOf(store: Store, id: number, page: { from: number; limit: number }): Promise<ChunkViews> {
  await requireJob(store, id);
  const [counts, rows] = await Promise.all([chunkCounts(store, id), chunkPage(store, id, page)]);
  const last = rows.at(-1)?.number ?? page.from;
  return {
    total: counts.total,
    complete: counts.complete,
    failed: counts.error,
    chunks: rows.map((row) => ({
      number: row.number,
      startSeconds: row.start_sample / SAMPLE_RATE_HZ,
      endSeconds: row.end_sample / SAMPLE_RATE_HZ,
      speech: row.speech === 1,
      status: row.status,
      attempts: row.attempts,
      engine: row.engine,
      model: row.model,
      workSeconds: row.work_ms === null ? null : row.work_ms / 1000,
      committedAt: row.committed_at === null ? null : new Date(row.committed_at).toISOString(),
      error: row.error_message,
    })),
    next: rows.length === page.limit && last + 1 < counts.total ? last + 1 : null,
  };
}

async function requireJob(store: Store, id: number): Promise<void> {
  if (!(await getShortJob(store, id))) throw await jobNotFound(store, id);
}
