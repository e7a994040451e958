import { type Kysely, sql } from 'kysely';
import { type ColumnTypes, columnTypes } from './columns.ts';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

/** The hand on the queue: places that can be changed, its own pause, what runs teach about speed, watched folders. */
export async function up(db: Db): Promise<void> {
  const types = columnTypes(db);
  await addPlaces(db, types);
  await createQueueState(db, types);
  await addWhatRunsTeach(db, types);
  await createWatchedFiles(db, types);
  // The next run's model after one ran out of memory.
  await db.schema.alterTable('transcription_jobs').addColumn('smaller_model', 'text').execute();
  await db.schema
    .createIndex('idx_jobs_source')
    .on('transcription_jobs')
    .columns(['source_bytes', 'source_sha256', 'id'])
    .where(sql<boolean>`source_bytes is not null`)
    .execute();
}

export async function down(db: Db): Promise<void> {
  await db.schema.dropIndex('idx_jobs_source').execute();
  await db.schema.alterTable('transcription_jobs').dropColumn('smaller_model').execute();
  await db.schema.dropTable('watched_files').execute();
  await db.schema.dropIndex('idx_runs_speed').execute();
  for (const column of ['machine', 'speech_seconds', 'work_seconds']) {
    await db.schema.alterTable('runs').dropColumn(column).execute();
  }
  await db.schema.dropTable('queue_state').execute();
  await db.schema.dropIndex('idx_queue_waiting').execute();
  await createWaitingIndex(db, 'created_at');
  await db.schema.alterTable('transcription_queue').dropColumn('passed_over').execute();
  await db.schema.alterTable('transcription_queue').dropColumn('place').execute();
}

async function addPlaces(db: Db, { integer, real }: ColumnTypes): Promise<void> {
  await db.schema
    .alterTable('transcription_queue')
    .addColumn('place', real, (column) => column.notNull().defaultTo(0))
    .execute();
  await db
    .updateTable('transcription_queue')
    .set((eb) => ({ place: eb.ref('created_at') }))
    .execute();
  await db.schema
    .alterTable('transcription_queue')
    .addColumn('passed_over', integer, (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.dropIndex('idx_queue_waiting').execute();
  await createWaitingIndex(db, 'place');
}

async function createWaitingIndex(db: Db, column: 'place' | 'created_at'): Promise<void> {
  await db.schema
    .createIndex('idx_queue_waiting')
    .on('transcription_queue')
    .columns(['priority desc', column, 'id'])
    .where(sql<boolean>`started_at is null`)
    .execute();
}

async function createQueueState(db: Db, { integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('queue_state')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('paused_by', 'text')
    .addColumn('reason', 'text')
    .addColumn('paused_at', integer)
    .addColumn('resume_at_bytes', integer)
    .execute();
}

async function addWhatRunsTeach(db: Db, { real }: ColumnTypes): Promise<void> {
  await db.schema.alterTable('runs').addColumn('machine', 'text').execute();
  await db.schema.alterTable('runs').addColumn('speech_seconds', real).execute();
  await db.schema.alterTable('runs').addColumn('work_seconds', real).execute();
  await db.schema
    .createIndex('idx_runs_speed')
    .on('runs')
    .columns(['machine', 'engine', 'model', 'id desc'])
    .where(sql<boolean>`speech_seconds is not null`)
    .execute();
}

async function createWatchedFiles(db: Db, { integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('watched_files')
    .addColumn('path', 'text', (column) => column.primaryKey())
    .addColumn('bytes', integer, (column) => column.notNull())
    .addColumn('modified_ms', integer, (column) => column.notNull())
    .addColumn('job_id', integer)
    .addColumn('at', integer, (column) => column.notNull())
    .addColumn('told_at', integer)
    .execute();
  await db.schema
    .createIndex('idx_watched_untold')
    .on('watched_files')
    .column('job_id')
    .where(sql<boolean>`told_at is null`)
    .execute();
}
