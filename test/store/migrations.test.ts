import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { planChunks } from '../../src/store/chunks.ts';
import { finishJob, getJob, updateHeartbeat } from '../../src/store/jobs.ts';
import { dryRun, migrateDown, migrateUp, pendingMigrations } from '../../src/store/migrate.ts';
import { MIGRATIONS, type Migrations } from '../../src/store/migrations/index.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { addUsage, listUsage } from '../../src/store/usage.ts';
import { everything, submit, temporaryFolder, testClock, working } from './support.ts';

/** What the next version may bring: a column that the program of today knows nothing of. */
const NEXT: Migrations = {
  ...MIGRATIONS,
  '9999-next': {
    up: async (db) => {
      await db.schema
        .alterTable('transcription_jobs')
        .addColumn('mood', 'text', (column) => column.notNull().defaultTo('calm'))
        .execute();
    },
    down: async (db) => {
      await db.schema.alterTable('transcription_jobs').dropColumn('mood').execute();
    },
  },
};

/** A step that does half of its work and fails. */
const BROKEN: Migrations = {
  ...MIGRATIONS,
  '9999-broken': {
    up: async (db) => {
      await db.schema.alterTable('transcription_jobs').addColumn('half', 'text').execute();
      throw new Error('the second half failed');
    },
  },
};

async function openIn(folder: string, options: { migrate?: boolean; migrations?: Migrations } = {}): Promise<Store> {
  const store = await openStore({ file: join(folder, 'longhand.db'), clock: testClock(), ...options });
  onTestFinished(() => store.close());
  return store;
}

function schemaOf(file: string): unknown[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare('select type, name, sql from sqlite_schema order by type, name').all();
  } finally {
    database.close();
  }
}

type Rows = Record<string, Record<string, unknown>[]>;

/** Every row of every table that there is, whatever the version. */
function rowsOf(file: string): Rows {
  const database = new Database(file, { readonly: true });
  try {
    const tables = database
      .prepare(
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' and name not like 'kysely%'",
      )
      .pluck()
      .all() as string[];
    return Object.fromEntries(
      tables.map((name) => [name, database.prepare(`select * from ${name} order by rowid`).all()]),
    ) as Rows;
  } finally {
    database.close();
  }
}

function backupsOf(store: Store): string[] {
  const folder = join(dirname(store.file), 'backups');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function columnsOf(file: string): string[] {
  const database = new Database(file, { readonly: true });
  try {
    return (database.pragma('table_info(transcription_jobs)') as { name: string }[]).map(({ name }) => name);
  } finally {
    database.close();
  }
}

test('a new database is made without a backup, and opening it again changes nothing', async () => {
  const folder = temporaryFolder();
  const store = await openIn(folder);
  expect(await pendingMigrations(store)).toEqual([]);
  expect(await migrateUp(store)).toEqual({ applied: [] });
  await store.close();
  await store.close();
  expect(backupsOf(await openIn(folder))).toEqual([]);
});

test('up, down and up again gives the same schema; what went down is in the backup', async () => {
  const store = await openIn(temporaryFolder());
  const { job } = await working(store);
  const before = await everything(store);
  const schema = schemaOf(store.file);

  const down = await migrateDown(store, 99);
  expect(down.applied).toEqual(Object.keys(MIGRATIONS).reverse());
  expect(schemaOf(store.file)).not.toEqual(schema);
  expect((await migrateUp(store)).applied).toEqual(Object.keys(MIGRATIONS));
  expect(schemaOf(store.file)).toEqual(schema);
  expect(await getJob(store, job.id)).toBeUndefined();

  const backup = await openStore({ file: down.backup!, clock: testClock() });
  onTestFinished(() => backup.close());
  expect(await everything(backup)).toEqual(before);
});

test('a later step goes up, down and up again around the data', async () => {
  const store = await openIn(temporaryFolder());
  await working(store);
  const before = await everything(store);
  expect((await migrateUp(store, { migrations: NEXT })).applied).toEqual(['9999-next']);
  expect(await everything(store)).toMatchObject({ jobs: [{ mood: 'calm' }] });
  expect((await migrateDown(store, 1, { migrations: NEXT })).applied).toEqual(['9999-next']);
  expect(await everything(store)).toEqual(before);
  expect((await migrateUp(store, { migrations: NEXT })).applied).toEqual(['9999-next']);
  expect(await everything(store)).toMatchObject({ jobs: [{ mood: 'calm', filename: 'interview.flac' }] });
});

const FIRST: Migrations = { '0001-jobs': MIGRATIONS['0001-jobs']! };

test('supervision goes up, down and up again around rows, and takes back only what it brought', async () => {
  const store = await openIn(temporaryFolder(), { migrations: FIRST });
  const { job, run, lease } = await working(store, { stages: { prepare: 'not_started' } });
  await planChunks(store, job.id, lease, [{ number: 0, startSample: 0, endSample: 16_000, speech: true }]);
  await updateHeartbeat(store, job.id, { leaseToken: lease, leaseUntil: 1, elapsedSeconds: 90.5 });
  const done = await working(store);
  await finishJob(store, done.job.id, done.lease, { transcript: 'ask not', elapsedSeconds: 12, speed: 3 });
  const schema = schemaOf(store.file);
  const first = rowsOf(store.file);

  expect((await migrateUp(store)).applied).toEqual(['0002-supervision']);
  expect(await getJob(store, job.id)).toMatchObject({ elapsed_seconds: 90.5, limit_from_seconds: 90.5 });
  expect(await getJob(store, done.job.id)).toMatchObject({ elapsed_seconds: 12, limit_from_seconds: 0 });
  await addUsage(store, run.id, { at: 1, elapsedSeconds: 1, cpuPercent: 99, memoryBytes: 1000, progress: null });
  const second = schemaOf(store.file);

  const { backup } = await migrateDown(store, 1);
  expect(schemaOf(store.file)).toEqual(schema);
  expect(rowsOf(store.file)).toEqual(first);
  expect(rowsOf(backup!)).toMatchObject({ usage_samples: [{ run_id: run.id, cpu_percent: 99 }] });

  expect((await migrateUp(store)).applied).toEqual(['0002-supervision']);
  expect(schemaOf(store.file)).toEqual(second);
  expect(await listUsage(store, run.id)).toEqual([]);
  expect(await getJob(store, job.id)).toMatchObject({ status: 'processing', limit_from_seconds: 90.5 });
});

test('before a migration stands a backup, private and whole; seven are kept', async () => {
  const folder = temporaryFolder();
  const clock = testClock();
  const store = await openStore({ file: join(folder, 'longhand.db'), clock });
  onTestFinished(() => store.close());
  const id = await submit(store);
  const made: string[] = [];
  for (let round = 0; round < 5; round++) {
    clock.advance(60_000);
    made.push((await migrateUp(store, { migrations: NEXT })).backup!);
    clock.advance(60_000);
    made.push((await migrateDown(store, 1, { migrations: NEXT })).backup!);
  }
  expect(made[0]).toBe(join(folder, 'backups', 'longhand-0002-supervision-20260101T000100000Z.db'));
  expect(
    backupsOf(store)
      .map((name) => join(folder, 'backups', name))
      .sort(),
  ).toEqual(made.slice(-7).sort());
  expect(statSync(join(folder, 'backups')).mode & 0o777).toBe(0o700);
  expect(statSync(made.at(-1)!).mode & 0o777).toBe(0o600);
  const copy = new Database(made.at(-1)!, { readonly: true });
  expect(copy.prepare('select id, mood from transcription_jobs').all()).toEqual([{ id, mood: 'calm' }]);
  copy.close();
});

test('a step that fails leaves the database as it was, and says where the backup is', async () => {
  const store = await openIn(temporaryFolder());
  await submit(store);
  const schema = schemaOf(store.file);
  const before = await everything(store);
  const failed = migrateUp(store, { migrations: BROKEN });
  await expect(failed).rejects.toMatchObject({
    message: expect.stringMatching(/step 9999-broken.*the second half failed/),
    remedy: expect.stringMatching(/Nothing was changed\. A backup is in .*backups/),
  });
  expect(schemaOf(store.file)).toEqual(schema);
  expect(await everything(store)).toEqual(before);
  expect(backupsOf(store).length).toBe(1);
});

test('a dry run tells what would be done, on a copy that is gone afterwards', async () => {
  const folder = temporaryFolder();
  const store = await openIn(folder);
  await submit(store);
  const before = readdirSync(folder).sort();
  expect(await dryRun(store, { migrations: NEXT })).toMatchObject({ applied: ['9999-next'] });
  expect(await dryRun(store, { direction: 'down' })).toMatchObject({ applied: ['0002-supervision'] });
  expect(await dryRun(store)).toMatchObject({ applied: [] });
  await expect(dryRun(store, { migrations: BROKEN })).rejects.toThrow(/the second half failed/);
  expect(readdirSync(folder).sort()).toEqual(before);
  expect(columnsOf(store.file)).not.toContain('mood');
  expect(await pendingMigrations(store, NEXT)).toEqual(['9999-next']);
});

test('a database can be opened as it is, to look before it is migrated', async () => {
  const folder = temporaryFolder();
  await (await openIn(folder)).close();
  const store = await openIn(folder, { migrate: false, migrations: NEXT });
  expect(await pendingMigrations(store, NEXT)).toEqual(['9999-next']);
  expect(columnsOf(store.file)).not.toContain('mood');
});

test('a database of a newer version is refused and left alone', async () => {
  const folder = temporaryFolder();
  const newer = await openIn(folder, { migrations: NEXT });
  await newer.close();
  for (const migrate of [true, false]) {
    await expect(openIn(folder, { migrate })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(/written by a newer Longhand \(9999-next\)/),
    });
  }
  expect(columnsOf(newer.file)).toContain('mood');
});

test('another program’s database is refused and left alone', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'longhand.db');
  const other = new Database(file);
  other.exec('create table cookies (id integer)');
  other.close();
  const before = schemaOf(file);
  await expect(openIn(folder)).rejects.toMatchObject({
    kind: 'usage',
    message: expect.stringMatching(/another program's: it holds cookies/),
  });
  expect(schemaOf(file)).toEqual(before);
});

test('table and index names that people rely on', async () => {
  const store = await openIn(temporaryFolder());
  const names = (schemaOf(store.file) as { name: string }[]).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['transcription_jobs', 'transcription_queue', 'idx_jobs_process_id', 'idx_jobs_active']),
  );
  const wanted = `id filename original_path output_path duration_minutes model processes workers status progress
    progress_stage elapsed_seconds speed transcript error_message estimated_duration retry_count task_id created_at
    updated_at started_at completed_at process_id log_file_path last_heartbeat user_id space_id`;
  expect(columnsOf(store.file)).toEqual(expect.arrayContaining(wanted.split(/\s+/)));
});
