import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

/** The orders in which jobs are listed: by name, by length, and those of one user. */
export async function up(db: Db): Promise<void> {
  // Of long names the beginning: PostgreSQL refuses an entry of more than some kilobytes.
  await db.schema
    .createIndex('idx_jobs_filename')
    .on('transcription_jobs')
    .expression(sql`substr(filename, 1, 64), id`)
    .execute();
  await db.schema.createIndex('idx_jobs_length').on('transcription_jobs').columns(['duration_minutes', 'id']).execute();
  await db.schema
    .createIndex('idx_jobs_user_created')
    .on('transcription_jobs')
    .columns(['user_id', 'created_at desc', 'id desc'])
    .where(sql<boolean>`user_id is not null`)
    .execute();
}

export async function down(db: Db): Promise<void> {
  for (const name of ['idx_jobs_user_created', 'idx_jobs_length', 'idx_jobs_filename']) {
    await db.schema.dropIndex(name).execute();
  }
}
