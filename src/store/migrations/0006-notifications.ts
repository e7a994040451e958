import { type Kysely, sql } from 'kysely';
import { type ColumnTypes, columnTypes } from './columns.ts';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

/** Who is told when a job ends, and the outbox of what is still to be told. */
export async function up(db: Db): Promise<void> {
  const types = columnTypes(db);
  await createTargets(db, types);
  await createDeliveries(db, types);
}

export async function down(db: Db): Promise<void> {
  await db.schema.dropTable('notification_deliveries').execute();
  await db.schema.dropTable('notification_targets').execute();
}

async function createTargets(db: Db, { integer, identity }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('notification_targets')
    .addColumn('id', integer, identity)
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('destination', 'text', (column) => column.notNull())
    .addColumn('secret', 'text')
    .addColumn('events', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text')
    .addColumn('job_id', integer, (column) => column.references('transcription_jobs.id').onDelete('cascade'))
    .addColumn('enabled', integer, (column) => column.notNull().defaultTo(1))
    .addColumn('created_at', integer, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('idx_targets_job').on('notification_targets').columns(['job_id', 'id']).execute();
}

async function createDeliveries(db: Db, { integer, identity }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('notification_deliveries')
    .addColumn('id', integer, identity)
    .addColumn('event_id', 'text', (column) => column.notNull().unique())
    .addColumn('target_id', integer, (column) =>
      column.notNull().references('notification_targets.id').onDelete('cascade'),
    )
    .addColumn('destination', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('job_id', integer)
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('tries', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('next_at', integer, (column) => column.notNull())
    .addColumn('tried_at', integer)
    .addColumn('ended_at', integer)
    .addColumn('http_status', integer)
    .addColumn('error', 'text')
    .execute();
  await db.schema
    .createIndex('idx_deliveries_pending')
    .on('notification_deliveries')
    .columns(['next_at', 'id'])
    .where(sql<boolean>`status = 'pending'`)
    .execute();
  await db.schema
    .createIndex('idx_deliveries_target')
    .on('notification_deliveries')
    .columns(['target_id', 'id'])
    .execute();
}
