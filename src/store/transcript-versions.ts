/**
 * Versions of transcripts.
 *
 * What an engine made stands in a file that is known by its sha256, and as long as nobody touches it that is all there is.
 * The first change by a person brings the rows: version 1, which points to the file, and version 2, which holds its content.
 * When the job is to be done again, and its file to be written anew, what the file holds goes into its row before
 * (`keepEngineVersion`); what the engine makes then becomes the newest version (`addEngineVersion`). So nothing that was ever
 * a version is lost or changed.
 */
import { compiled } from './compiled.ts';
import { appendEvent } from './events.ts';
import { lockJob } from './fence.ts';
import type { TranscriptVersionRow } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

/** The artifact that is a job's transcript as the engine made it. */
const TRANSCRIPT_ARTIFACT = 'transcript';

export type VersionHead = Omit<TranscriptVersionRow, 'content'>;

const ALL_BUT_CONTENT = [
  'job_id',
  'number',
  'kind',
  'author',
  'created_at',
  'note',
  'segments_changed',
  'restored',
  'sha256',
] as const satisfies readonly (keyof VersionHead)[];

/** A job's versions without their content, oldest first; none while there is only what an engine made. */
export async function listVersions({ db }: Store, jobId: number): Promise<VersionHead[]> {
  return await db
    .selectFrom('transcript_versions')
    .select(ALL_BUT_CONTENT)
    .where('job_id', '=', jobId)
    .orderBy('number')
    .execute();
}

/** One version with its content. */
export async function getVersion(
  { db }: Store,
  jobId: number,
  number: number,
): Promise<TranscriptVersionRow | undefined> {
  return await db
    .selectFrom('transcript_versions')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('number', '=', number)
    .executeTakeFirst();
}

/** What an engine made, as a version. */
export interface EngineVersion {
  author: string;
  createdAt: number;
  /** Of the file. */
  sha256: string;
}

export interface PersonsVersion {
  author: string;
  note: string | null;
  segmentsChanged: number;
  restored: number | null;
  /** The transcript as JSON. */
  content: string;
  /** The same as plain text, by which jobs are found. */
  text: string;
  /** In words for a person. */
  reason: string;
}

/**
 * Adds what a person made, if the version that it was made from is the newest one still. Text, version and event are one
 * transaction.
 * @param base the version that it was made from; with `engine` where that has no row yet
 * @returns whether this call did it, and the newest version by now; undefined when there is no such job any more
 */
export async function addVersion(
  store: Store,
  jobId: number,
  base: { number: number; engine?: EngineVersion | undefined },
  version: PersonsVersion,
): Promise<{ won: boolean; newest: number } | undefined> {
  return await inTransaction(store, async (trx) => {
    if (!(await lockJob(store, trx, jobId))) return undefined;
    const newest = await newestNumber(trx, jobId);
    if (newest !== (base.engine ? 0 : base.number)) return { won: false, newest: Math.max(1, newest) };
    if (base.engine) {
      // It may have been made again since it was read.
      const artifact = await transcriptOfEngine(trx, jobId);
      if (artifact?.sha256 !== base.engine.sha256) return { won: false, newest: 1 };
      await insertEngineVersion(trx, jobId, base.number, { ...base.engine, content: null });
    }
    const at = store.clock.now();
    const number = base.number + 1;
    const { author, note, segmentsChanged, restored, content, text, reason } = version;
    await trx
      .insertInto('transcript_versions')
      .values({
        ...{ job_id: jobId, number, kind: 'person', author, created_at: at, note, content, restored, sha256: null },
        segments_changed: segmentsChanged,
      })
      .execute();
    await trx
      .updateTable('transcription_jobs')
      .set({ transcript: text, updated_at: at })
      .where('id', '=', jobId)
      .execute();
    const data = { what: 'transcript', version: number, base: base.number, segmentsChanged, restored };
    await appendEvent(store, trx, { jobId, at, type: 'edited', actor: author, reason, data });
    return { won: true, newest: number };
  });
}

/**
 * Takes what the file of a job holds into its row, because the file is about to be written anew. Where there is no row yet,
 * it becomes version 1. The same again changes nothing.
 * @param content what the file with this sha256 holds
 */
export async function keepEngineVersion(
  store: Store,
  jobId: number,
  { content, ...engine }: EngineVersion & { content: string },
): Promise<void> {
  await inTransaction(store, async (trx) => {
    if (!(await lockJob(store, trx, jobId))) return;
    if ((await newestNumber(trx, jobId)) === 0) {
      await insertEngineVersion(trx, jobId, 1, { ...engine, content });
      return;
    }
    await trx
      .updateTable('transcript_versions')
      .set({ content })
      .where('job_id', '=', jobId)
      .where('sha256', '=', engine.sha256)
      .where('content', 'is', null)
      .execute();
  });
}

/** What an engine has just made goes on top of the versions, where there are some. Part of the step that ends the job. */
export async function addEngineVersion(store: Store, trx: Trx, jobId: number): Promise<void> {
  const newest = await newestNumber(trx, jobId);
  if (newest === 0) return;
  const artifact = await transcriptOfEngine(trx, jobId);
  const job = await trx
    .selectFrom('transcription_jobs')
    .select(['engine', 'model'])
    .where('id', '=', jobId)
    .executeTakeFirstOrThrow();
  await insertEngineVersion(trx, jobId, newest + 1, {
    author: engineAuthor(job),
    createdAt: store.clock.now(),
    sha256: artifact?.sha256 ?? null,
    content: null,
  });
}

/** How an engine is called as an author: `whisper, model base`. */
export function engineAuthor({ engine, model }: { engine: string | null; model: string }): string {
  return `${engine ?? 'an engine'}, model ${model}`;
}

async function newestNumber(trx: Trx, jobId: number): Promise<number> {
  const { rows } = await selectNewest(trx, { jobId });
  return Number(rows[0]?.newest ?? 0);
}

const selectNewest = compiled((db, { jobId }: { jobId: number }) =>
  db
    .selectFrom('transcript_versions')
    .select(({ fn }) => fn.max('number').as('newest'))
    .where('job_id', '=', jobId),
);

async function transcriptOfEngine(trx: Trx, jobId: number): Promise<{ sha256: string } | undefined> {
  return await trx
    .selectFrom('artifacts')
    .select('sha256')
    .where('job_id', '=', jobId)
    .where('name', '=', TRANSCRIPT_ARTIFACT)
    .executeTakeFirst();
}

type EngineRow = Omit<EngineVersion, 'sha256'> & Pick<TranscriptVersionRow, 'sha256' | 'content'>;

async function insertEngineVersion(trx: Trx, jobId: number, number: number, version: EngineRow): Promise<void> {
  const { author, createdAt, sha256, content } = version;
  await trx
    .insertInto('transcript_versions')
    .values({ job_id: jobId, number, kind: 'engine', author, created_at: createdAt, sha256, content })
    .execute();
}
