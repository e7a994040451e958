import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

/** A job knows the page that started it, and whether it ends when that page stays closed. */
export async function up(db: Db): Promise<void> {
  await db.schema.alterTable('transcription_jobs').addColumn('client_id', 'text').execute();
  await db.schema.alterTable('transcription_jobs').addColumn('on_leave', 'text').execute();
  await db.schema
    .createIndex('idx_jobs_on_leave')
    .on('transcription_jobs')
    .column('status')
    .where(sql<boolean>`on_leave is not null`)
    .execute();
}

export async function down(db: Db): Promise<void> {
  await db.schema.dropIndex('idx_jobs_on_leave').execute();
  await db.schema.alterTable('transcription_jobs').dropColumn('on_leave').execute();
  await db.schema.alterTable('transcription_jobs').dropColumn('client_id').execute();
}
