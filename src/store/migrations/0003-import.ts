import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

/** Jobs can come from another program: where from, so that none comes twice, and so that they are told from our own. */
export async function up(db: Db): Promise<void> {
  await db.schema.alterTable('transcription_jobs').addColumn('imported_from', 'text').execute();
  await db.schema
    .createIndex('idx_jobs_imported_from')
    .on('transcription_jobs')
    .column('imported_from')
    .unique()
    .where(sql<boolean>`imported_from is not null`)
    .execute();
  await db.schema.dropIndex('idx_jobs_ever_ran').execute();
  await createEverRan(db, ['started_at', 'process_id', 'imported_from']);
}

export async function down(db: Db): Promise<void> {
  await db.schema.dropIndex('idx_jobs_ever_ran').execute();
  await createEverRan(db, ['started_at', 'process_id']);
  await db.schema.dropIndex('idx_jobs_imported_from').execute();
  await db.schema.alterTable('transcription_jobs').dropColumn('imported_from').execute();
}

async function createEverRan(db: Db, columns: string[]): Promise<void> {
  await db.schema
    .createIndex('idx_jobs_ever_ran')
    .on('transcription_jobs')
    .columns(columns)
    .where(sql<boolean>`started_at is not null`)
    .execute();
}
