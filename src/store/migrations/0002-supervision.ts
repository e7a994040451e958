import { type Kysely, sql } from 'kysely';
import { type ColumnTypes, columnTypes } from './columns.ts';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

export async function up(db: Db): Promise<void> {
  const types = columnTypes(db);
  await addLimitStart(db, types);
  await createUsageSamples(db, types);
  await db.schema.createIndex('idx_runs_token').on('runs').column('token').execute();
  // Counts the jobs that ever ran, and those of them whose process is known, without reading a job.
  await db.schema
    .createIndex('idx_jobs_ever_ran')
    .on('transcription_jobs')
    .columns(['started_at', 'process_id'])
    .where(sql<boolean>`started_at is not null`)
    .execute();
}

export async function down(db: Db): Promise<void> {
  await db.schema.dropIndex('idx_jobs_ever_ran').execute();
  await db.schema.dropIndex('idx_runs_token').execute();
  await db.schema.dropTable('usage_samples').execute();
  await db.schema.alterTable('transcription_jobs').dropColumn('limit_from_seconds').execute();
}

async function addLimitStart(db: Db, { real }: ColumnTypes): Promise<void> {
  await db.schema
    .alterTable('transcription_jobs')
    .addColumn('limit_from_seconds', real, (column) => column.notNull().defaultTo(0))
    .execute();
  // Work done while there was no limit is not held against a job that goes on.
  await db
    .updateTable('transcription_jobs')
    .set((eb) => ({ limit_from_seconds: eb.ref('elapsed_seconds') }))
    .where('status', 'in', ['pending', 'processing', 'retrying', 'paused'])
    .execute();
}

async function createUsageSamples(db: Db, { integer, real }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('usage_samples')
    .addColumn('run_id', integer, (column) => column.notNull().references('runs.id').onDelete('cascade'))
    .addColumn('at', integer, (column) => column.notNull())
    .addColumn('elapsed_seconds', real, (column) => column.notNull())
    .addColumn('cpu_percent', real)
    .addColumn('memory_bytes', integer)
    .addColumn('progress', real)
    .addPrimaryKeyConstraint('usage_samples_primary_key', ['run_id', 'at'])
    .execute();
}
