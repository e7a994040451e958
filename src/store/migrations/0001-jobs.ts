import { type Kysely, sql } from 'kysely';
import { type ColumnTypes, columnTypes } from './columns.ts';

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its own time, not today's types
type Db = Kysely<any>;

const STATUSES = ['pending', 'processing', 'retrying', 'paused', 'completed', 'failed', 'cancelled'];
const OUTCOMES = ['completed', 'failed', 'crashed', 'stopped', 'orphaned'];

export async function up(db: Db): Promise<void> {
  const types = columnTypes(db);
  await createJobs(db, types);
  await createQueue(db, types);
  await createRuns(db, types);
  await createStages(db, types);
  await createChunks(db, types);
  await createArtifacts(db, types);
  await createEvents(db, types);
}

export async function down(db: Db): Promise<void> {
  for (const table of [
    'events',
    'artifacts',
    'chunks',
    'stages',
    'runs',
    'transcription_queue',
    'transcription_jobs',
  ]) {
    await db.schema.dropTable(table).execute();
  }
}

function oneOf(column: string, values: string[]) {
  const list = sql.join(values.map((value) => sql.lit(value)));
  return sql<boolean>`${sql.ref(column)} in (${list})`;
}

async function createJobs(db: Db, { integer, real, identity }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('transcription_jobs')
    .addColumn('id', integer, identity)
    .addColumn('filename', 'text', (column) => column.notNull())
    .addColumn('original_path', 'text')
    .addColumn('output_path', 'text')
    .addColumn('duration_minutes', real, (column) => column.notNull().defaultTo(0))
    .addColumn('model', 'text', (column) => column.notNull().defaultTo('medium'))
    .addColumn('processes', integer, (column) => column.notNull().defaultTo(2))
    .addColumn('workers', integer, (column) => column.notNull().defaultTo(8))
    .addColumn('status', 'text', (column) => column.notNull().defaultTo('pending').check(oneOf('status', STATUSES)))
    .addColumn('progress', real, (column) => column.notNull().defaultTo(0))
    .addColumn('progress_stage', 'text', (column) => column.notNull().defaultTo('pending'))
    .addColumn('elapsed_seconds', real, (column) => column.notNull().defaultTo(0))
    .addColumn('speed', real, (column) => column.notNull().defaultTo(0))
    .addColumn('transcript', 'text')
    .addColumn('error_message', 'text')
    .addColumn('estimated_duration', real)
    .addColumn('retry_count', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('task_id', 'text')
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .addColumn('started_at', integer)
    .addColumn('completed_at', integer)
    .addColumn('process_id', integer)
    .addColumn('log_file_path', 'text')
    .addColumn('last_heartbeat', integer)
    .addColumn('user_id', 'text')
    .addColumn('space_id', 'text')
    .addColumn('engine', 'text')
    .addColumn('language', 'text')
    .addColumn('parameters', 'text')
    .addColumn('priority', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('source_sha256', 'text')
    .addColumn('source_bytes', integer)
    .addColumn('source_modified_ms', real)
    .addColumn('error_kind', 'text')
    .addColumn('error_remedy', 'text')
    .addColumn('crash_count', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('paused_by', 'text')
    .addColumn('lease_token', 'text')
    .addColumn('lease_until', integer)
    .addColumn('lease_node', 'text')
    .addColumn('current_run_id', integer)
    .execute();
  await db.schema.createIndex('idx_jobs_process_id').on('transcription_jobs').column('process_id').execute();
  await db.schema
    .createIndex('idx_jobs_active')
    .on('transcription_jobs')
    .column('last_heartbeat')
    .where(sql<boolean>`status = 'processing'`)
    .execute();
  await db.schema
    .createIndex('idx_jobs_created')
    .on('transcription_jobs')
    .columns(['created_at desc', 'id desc'])
    .execute();
  await db.schema
    .createIndex('idx_jobs_status_created')
    .on('transcription_jobs')
    .columns(['status', 'created_at desc', 'id desc'])
    // Few jobs are in work and they have an index of their own.
    .where(sql<boolean>`status <> 'processing'`)
    .execute();
}

async function createQueue(db: Db, { integer, identity }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('transcription_queue')
    .addColumn('id', integer, identity)
    .addColumn('job_id', integer, (column) =>
      column.notNull().unique().references('transcription_jobs.id').onDelete('cascade'),
    )
    .addColumn('priority', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('started_at', integer)
    .addColumn('not_before', integer, (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex('idx_queue_waiting')
    .on('transcription_queue')
    .columns(['priority desc', 'created_at', 'id'])
    .where(sql<boolean>`started_at is null`)
    .execute();
  await db.schema
    .createIndex('idx_queue_started')
    .on('transcription_queue')
    .columns(['not_before', 'id'])
    .where(sql<boolean>`started_at is not null`)
    .execute();
}

async function createRuns(db: Db, { integer, real, identity }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('runs')
    .addColumn('id', integer, identity)
    .addColumn('job_id', integer, (column) => column.notNull().references('transcription_jobs.id').onDelete('cascade'))
    .addColumn('number', integer, (column) => column.notNull())
    .addColumn('lease_token', 'text', (column) => column.notNull().unique())
    .addColumn('token', 'text', (column) => column.notNull())
    .addColumn('engine', 'text')
    .addColumn('model', 'text')
    .addColumn('language', 'text')
    .addColumn('processes', integer)
    .addColumn('workers', integer)
    .addColumn('parameters', 'text')
    .addColumn('versions', 'text')
    .addColumn('pid', integer)
    .addColumn('pid_start_time', 'text')
    .addColumn('boot_id', 'text')
    .addColumn('started_at', integer, (column) => column.notNull())
    .addColumn('ended_at', integer)
    .addColumn('outcome', 'text', (column) => column.check(oneOf('outcome', OUTCOMES)))
    .addColumn('reason', 'text')
    .addColumn('exit_code', integer)
    .addColumn('exit_signal', 'text')
    .addColumn('error_kind', 'text')
    .addColumn('error_message', 'text')
    .addColumn('error_remedy', 'text')
    .addColumn('evidence', 'text')
    .addColumn('peak_memory_bytes', integer)
    .addColumn('cpu_seconds', real)
    .addColumn('chunks_committed', integer, (column) => column.notNull().defaultTo(0))
    .addUniqueConstraint('runs_job_id_number', ['job_id', 'number'])
    .execute();
  await db.schema
    .createIndex('idx_runs_unended')
    .on('runs')
    .column('id')
    .where(sql<boolean>`ended_at is null`)
    .execute();
}

async function createStages(db: Db, { integer, real }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('stages')
    .addColumn('job_id', integer, (column) => column.notNull().references('transcription_jobs.id').onDelete('cascade'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('progress', real, (column) => column.notNull().defaultTo(0))
    .addColumn('started_at', integer)
    .addColumn('ended_at', integer)
    .addColumn('estimated_end_at', integer)
    .addColumn('output', 'text')
    .addColumn('error_message', 'text')
    .addPrimaryKeyConstraint('stages_primary_key', ['job_id', 'name'])
    .execute();
}

async function createChunks(db: Db, { integer, real }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('chunks')
    .addColumn('job_id', integer, (column) => column.notNull().references('transcription_jobs.id').onDelete('cascade'))
    .addColumn('number', integer, (column) => column.notNull())
    .addColumn('start_sample', integer, (column) => column.notNull())
    .addColumn('end_sample', integer, (column) => column.notNull())
    .addColumn('speech', integer, (column) => column.notNull())
    .addColumn('status', 'text', (column) =>
      column
        .notNull()
        .defaultTo('pending')
        .check(oneOf('status', ['pending', 'complete', 'error'])),
    )
    .addColumn('attempts', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('words', 'text')
    .addColumn('engine', 'text')
    .addColumn('model', 'text')
    .addColumn('work_ms', real)
    .addColumn('run_id', integer)
    .addColumn('committed_at', integer)
    .addColumn('error_message', 'text')
    .addColumn('evidence', 'text')
    .addPrimaryKeyConstraint('chunks_primary_key', ['job_id', 'number'])
    .execute();
}

async function createArtifacts(db: Db, { integer, identity }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('artifacts')
    .addColumn('id', integer, identity)
    .addColumn('job_id', integer, (column) => column.notNull().references('transcription_jobs.id').onDelete('cascade'))
    .addColumn('stage', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('bytes', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addUniqueConstraint('artifacts_job_id_name', ['job_id', 'name'])
    .execute();
}

async function createEvents(db: Db, { integer, identity }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('id', integer, identity)
    .addColumn('job_id', integer, (column) => column.notNull())
    .addColumn('at', integer, (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('from_status', 'text')
    .addColumn('to_status', 'text')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('data', 'text')
    .execute();
  await db.schema.createIndex('idx_events_job').on('events').columns(['job_id', 'id']).execute();
}
