import type { Kysely } from 'kysely';
import { columnTypes } from './columns.ts';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

/** What became of a transcript in the hands of people. */
export async function up(db: Db): Promise<void> {
  const { integer } = columnTypes(db);
  await db.schema
    .createTable('transcript_versions')
    .addColumn('job_id', integer, (column) => column.notNull().references('transcription_jobs.id').onDelete('cascade'))
    .addColumn('number', integer, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('note', 'text')
    .addColumn('segments_changed', integer)
    .addColumn('restored', integer)
    .addColumn('sha256', 'text')
    .addColumn('content', 'text')
    .addPrimaryKeyConstraint('transcript_versions_primary_key', ['job_id', 'number'])
    .execute();
}

export async function down(db: Db): Promise<void> {
  await db.schema.dropTable('transcript_versions').execute();
}
