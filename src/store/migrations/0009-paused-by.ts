import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

/** Who looks for the jobs that something has paused need not read all that are paused. Changes of settings are events from here on. */
export async function up(db: Db): Promise<void> {
  await db.schema
    .createIndex('idx_jobs_paused_by')
    .on('transcription_jobs')
    .columns(['paused_by', 'id'])
    .where(sql<boolean>`status = 'paused'`)
    .execute();
}

export async function down(db: Db): Promise<void> {
  await db.schema.dropIndex('idx_jobs_paused_by').execute();
  // Older versions do not know them.
  await db.deleteFrom('events').where('type', '=', 'settings').execute();
}
