import { type Kysely, sql } from 'kysely';
import { type ColumnTypes, columnTypes } from './columns.ts';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

/** Who may come in: people with a password, programs with a key, browsers that are signed in; and whose a job is. */
export async function up(db: Db): Promise<void> {
  const types = columnTypes(db);
  await createUsers(db, types);
  await createKeys(db, types);
  await createSessions(db, types);
  await db.schema
    .createIndex('idx_jobs_user')
    .on('transcription_jobs')
    .columns(['user_id', 'created_at desc', 'id desc'])
    .where(sql<boolean>`user_id is not null`)
    .execute();
}

export async function down(db: Db): Promise<void> {
  await db.schema.dropIndex('idx_jobs_user').execute();
  await db.schema.dropTable('sessions').execute();
  await db.schema.dropTable('api_keys').execute();
  await db.schema.dropTable('users').execute();
  // The program of before has no words for them.
  await db.deleteFrom('events').where('type', '=', 'access').execute();
}

async function createUsers(db: Db, { integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull().unique())
    .addColumn('password', 'text', (column) => column.notNull())
    .addColumn('is_admin', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('password_at', integer, (column) => column.notNull())
    .execute();
}

async function createKeys(db: Db, { integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('api_keys')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('sha256', 'text', (column) => column.notNull().unique())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('last_used_at', integer)
    .execute();
}

async function createSessions(db: Db, { integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('sha256', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('seen_at', integer, (column) => column.notNull())
    .execute();
}
