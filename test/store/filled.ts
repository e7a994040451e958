import { type RawBuilder, sql } from 'kysely';
import { expect } from 'vitest';
import { recordArtifact } from '../../src/store/artifacts.ts';
import { commitChunk, planChunks } from '../../src/store/chunks.ts';
import { finishJob, transition, updateHeartbeat } from '../../src/store/jobs.ts';
import { insertTarget } from '../../src/store/notification-targets.ts';
import { pauseQueue } from '../../src/store/queue-state.ts';
import { tableNames } from '../../src/store/schema-version.ts';
import { setStage } from '../../src/store/stages.ts';
import type { Store } from '../../src/store/store.ts';
import { TABLES } from '../../src/store/tables.ts';
import { addVersion } from '../../src/store/transcript-versions.ts';
import { addUsage } from '../../src/store/usage.ts';
import { submit, type TestClock, working } from './support.ts';

export type Row = Record<string, unknown>;
/** Rows by table. */
export type Rows = Record<string, Row[]>;

/** Brings a store of today's schema rows of every kind, in every table. */
export async function fill(store: Store, clock: TestClock): Promise<void> {
  const hook = { kind: 'webhook', address: "https://example.org/ä?b='c'", secret: 's'.repeat(16) } as const;
  await insertTarget(store, { ...hook, events: ['completed', 'queue_empty'] }, null);
  const { job, run, lease } = await working(store, { filename: 'สัมภาษณ์ "ß"\n🎙.flac', sourceBytes: 6_000_000_000 });
  await planChunks(store, job.id, lease, [
    { number: 0, startSample: 0, endSample: 16_000, speech: true },
    { number: 1, startSample: 16_000, endSample: 20_000, speech: false },
  ]);
  const words = [{ text: 'ถาม', startMs: 10, endMs: 400, confidence: 0.75 }];
  await commitChunk(store, job.id, lease, {
    ...{ number: 0, words, engine: 'whisper', model: 'base', workMs: 812.5, runId: run.id },
  });
  await setStage(store, job.id, lease, 'prepare', { status: 'complete', output: { chunks: 2 } });
  const audio = { stage: 'prepare', name: 'audio', path: 'audio.s16le', sha256: 'ab', bytes: 5_000_000_000 } as const;
  await recordArtifact(store, job.id, lease, audio);
  const engine = { author: 'whisper, model base', createdAt: clock.now(), sha256: 'cd' };
  await recordArtifact(store, job.id, lease, { ...audio, name: 'transcript', path: 'transcript.json', sha256: 'cd' });
  await addVersion(
    store,
    job.id,
    { number: 1, engine },
    {
      ...{
        author: 'แอน',
        note: 'ß',
        segmentsChanged: 2,
        restored: null,
        content: '{"a":"ä"}',
        text: 'ä',
        reason: 'Edited',
      },
    },
  );
  await addUsage(store, run.id, { at: 1, elapsedSeconds: 0.5, cpuPercent: 99.5, memoryBytes: 3e9, progress: null });
  await updateHeartbeat(store, job.id, { leaseToken: lease, leaseUntil: clock.now(), elapsedSeconds: 90.5 });
  clock.advance(1000);
  const done = await working(store);
  await finishJob(store, done.job.id, done.lease, { transcript: 'ask not\nwhat', elapsedSeconds: 12, speed: 3.25 });
  await transition(store, await submit(store, { priority: -3 }), 'cancelled', { actor: 'user', reason: 'Not needed' });
  await submit(store, { priority: 7, parameters: { model: 'auto' } });
  await pauseQueue(store, { by: 'user', actor: 'user', reason: 'The machine is needed' });
  const watched = {
    path: '/in/a.flac',
    bytes: 6_000_000_000,
    modified_ms: clock.now(),
    job_id: job.id,
    at: clock.now(),
  };
  await store.db.insertInto('watched_files').values(watched).execute();
  await fillAccess(store, clock.now());
  const rows = await rowsOf(store);
  for (const { name } of TABLES) expect(rows[name]?.length, name).toBeGreaterThan(0);
}

/** Somebody who may come in, by every way. */
async function fillAccess({ db }: Store, now: number): Promise<void> {
  const user = { id: 'a-user', name: 'แอน', name_key: 'แอน', password: 'scrypt$1', is_admin: 1 };
  await db
    .insertInto('users')
    .values({ ...user, created_at: now, password_at: now })
    .execute();
  const key = { name: 'backup', sha256: 'ab', scope: 'read', user_id: user.id } as const;
  await db
    .insertInto('api_keys')
    .values({ ...key, created_at: now, last_used_at: null })
    .execute();
  await db.insertInto('sessions').values({ sha256: 'cd', user_id: user.id, created_at: now, seen_at: now }).execute();
}

/** Every row of every table that there is, whatever the version. */
export async function rowsOf(store: Store): Promise<Rows> {
  const there = await tableNames(store);
  const rows: Rows = {};
  for (const { name, key } of TABLES.filter((table) => there.includes(table.name))) {
    const columns = sql.join(key.map((column) => sql.ref(column)));
    rows[name] = (await sql<Row>`select * from ${sql.table(name)} order by ${columns}`.execute(store.db)).rows;
  }
  return rows;
}

/** What of the rows a schema can hold that has only these tables and columns. */
export function heldBy(rows: Rows, schema: Rows): Rows {
  const columns = (table: string) => Object.keys(schema[table]?.[0] ?? {});
  const part = (row: Row, names: string[]) => Object.fromEntries(names.map((name) => [name, row[name]]));
  return Object.fromEntries(
    Object.keys(schema).map((table) => [table, (rows[table] ?? []).map((row) => part(row, columns(table)))]),
  );
}

/** The schema itself, in the words of the database: tables, columns, constraints and indexes. */
export async function schemaOf(store: Store): Promise<Row[]> {
  const query = store.dialect === 'sqlite' ? SQLITE_SCHEMA : POSTGRES_SCHEMA;
  return (await query.execute(store.db)).rows;
}

export async function columnsOf(store: Store): Promise<string[]> {
  const tables = await store.db.introspection.getTables();
  return tables.find(({ name }) => name === 'transcription_jobs')?.columns.map(({ name }) => name) ?? [];
}

const SQLITE_SCHEMA: RawBuilder<Row> = sql`select type, name, sql from sqlite_schema order by type, name`;

const POSTGRES_SCHEMA: RawBuilder<Row> = sql`
  select 'column' as type, table_name || '.' || column_name as name,
    concat_ws(' ', data_type, is_nullable, column_default, is_identity) as sql
  from information_schema.columns where table_schema = current_schema()
  union all
  select 'index', indexname, indexdef from pg_indexes where schemaname = current_schema()
  union all
  select 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
  from pg_constraint where connamespace = current_schema()::regnamespace
  order by 1, 2
`;
