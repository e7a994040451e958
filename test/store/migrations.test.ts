import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { getJob, updateHeartbeat } from '../../src/store/jobs.ts';
import { dryRun, migrateDown, migrateUp, pendingMigrations } from '../../src/store/migrate.ts';
import { MIGRATIONS, type Migrations } from '../../src/store/migrations/index.ts';
import { openStore } from '../../src/store/open.ts';
import { openReadOnly } from '../../src/store/read-only.ts';
import { tableNames } from '../../src/store/schema-version.ts';
import type { Store } from '../../src/store/store.ts';
import { TABLES } from '../../src/store/tables.ts';
import { onEachDialect, type Place, type TestedDialect } from './dialects.ts';
import { columnsOf, fill, heldBy, type Rows, rowsOf, schemaOf } from './filled.ts';
import { claim, everything, submit, testClock, working } from './support.ts';

const STEPS = Object.keys(MIGRATIONS);

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

/** The program of an older version: it knows only the first steps. */
function firstSteps(count: number): Migrations {
  return Object.fromEntries(STEPS.slice(0, count).map((step) => [step, MIGRATIONS[step]!]));
}

async function openAt(
  place: Place,
  {
    clock = testClock(),
    ...options
  }: { clock?: ReturnType<typeof testClock>; migrate?: boolean; migrations?: Migrations } = {},
): Promise<Store> {
  const store = await openStore({ ...place, clock, ...options });
  onTestFinished(() => store.close());
  return store;
}

async function backedUp(backup: string): Promise<Rows> {
  const store = openReadOnly({ file: backup, clock: testClock() });
  try {
    return await rowsOf(store);
  } finally {
    await store.close();
  }
}

function backupsOf(store: Store): string[] {
  const folder = join(dirname(store.file), 'backups');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function migrationTests({ name, newPlace }: TestedDialect): void {
  test('a new database is made without a backup, and opening it again changes nothing', async () => {
    const place = await newPlace();
    const store = await openAt(place);
    expect(await pendingMigrations(store)).toEqual([]);
    expect(await migrateUp(store)).toEqual({ applied: [] });
    await store.close();
    await store.close();
    expect(backupsOf(await openAt(place))).toEqual([]);
  });

  test('all tables are in the list by which rows are copied', async () => {
    const tables = (await tableNames(await openAt(await newPlace()))).filter(
      (table) => !/^(kysely|sqlite)_/.test(table),
    );
    expect(tables.sort()).toEqual(TABLES.map((table) => table.name).sort());
  });

  test('every step goes down and up again around rows of every kind, and loses nothing that the older schema holds', async () => {
    const clock = testClock();
    const store = await openAt(await newPlace(), { clock });
    await fill(store, clock);
    const schemas: Record<string, unknown> = {};

    for (const step of STEPS.slice(1).reverse()) {
      schemas[step] = await schemaOf(store);
      const before = await rowsOf(store);
      clock.advance(1000);
      const { applied, backup } = await migrateDown(store, 1);
      expect(applied).toEqual([step]);
      const after = await rowsOf(store);
      expect(after).toEqual(heldBy(before, after));
      expect(await backedUp(backup!)).toEqual(before);
    }
    for (const [index, step] of STEPS.slice(1).entries()) {
      const before = await rowsOf(store);
      expect((await migrateUp(store, { migrations: firstSteps(index + 2) })).applied).toEqual([step]);
      expect(sorted(await schemaOf(store))).toEqual(sorted(schemas[step]));
      expect(heldBy(await rowsOf(store), before)).toEqual(before);
    }
  });

  test('all the way down and up gives the same schema; what went down is in the backup', async () => {
    const clock = testClock();
    const store = await openAt(await newPlace(), { clock });
    await fill(store, clock);
    const [rows, schema] = [await rowsOf(store), await schemaOf(store)];
    const down = await migrateDown(store, 99);
    expect(down.applied).toEqual([...STEPS].reverse());
    expect(await rowsOf(store)).toEqual({});
    expect((await migrateUp(store)).applied).toEqual(STEPS);
    expect(await schemaOf(store)).toEqual(schema);
    expect(Object.values(await rowsOf(store)).flat()).toEqual([]);
    expect(await backedUp(down.backup!)).toEqual(rows);
  });

  test('jobs that were worked on before there was a time limit begin it where they are', async () => {
    const store = await openAt(await newPlace());
    const { job, lease } = await working(store);
    await updateHeartbeat(store, job.id, { leaseToken: lease, leaseUntil: 1, elapsedSeconds: 90.5 });
    await migrateDown(store, STEPS.length - 1);
    await migrateUp(store);
    expect(await getJob(store, job.id)).toMatchObject({ elapsed_seconds: 90.5, limit_from_seconds: 90.5 });
  });

  test('places that were moved go with the step back: jobs wait in the order of their arrival again', async () => {
    const clock = testClock();
    const store = await openAt(await newPlace(), { clock });
    const ids: number[] = [];
    for (let n = 0; n < 4; n++) {
      clock.advance(1000);
      ids.push(await submit(store));
    }
    const [first, , third, last] = ids;
    const places = [
      [last, 0.5],
      [third, 0.25],
      [first, clock.now() + 7.125],
    ] as const;
    for (const [id, place] of places) {
      await store.db.updateTable('transcription_queue').set({ place }).where('job_id', '=', id!).execute();
    }
    const before = await rowsOf(store);
    const { applied, backup } = await migrateDown(store, STEPS.length - 3);
    expect(applied.at(-1)).toBe('0004-queue');
    const older = await rowsOf(store);
    expect(older).toEqual(heldBy(before, older));
    await migrateUp(store);
    const claimed: number[] = [];
    for (let next = await claim(store); next; next = await claim(store)) claimed.push(next.job.id);
    expect(claimed).toEqual(ids);
    expect(await backedUp(backup!)).toEqual(before);
  });

  test('a later step goes up, down and up again around the data', async () => {
    const store = await openAt(await newPlace());
    await working(store);
    const before = await everything(store);
    expect((await migrateUp(store, { migrations: NEXT })).applied).toEqual(['9999-next']);
    expect(await everything(store)).toMatchObject({ jobs: [{ mood: 'calm' }] });
    expect((await migrateDown(store, 1, { migrations: NEXT })).applied).toEqual(['9999-next']);
    expect(await everything(store)).toEqual(before);
    expect((await migrateUp(store, { migrations: NEXT })).applied).toEqual(['9999-next']);
    expect(await everything(store)).toMatchObject({ jobs: [{ mood: 'calm', filename: 'interview.flac' }] });
  });

  test('before a migration stands a backup, private and whole; seven are kept', async () => {
    const clock = testClock();
    const store = await openAt(await newPlace(), { clock });
    const id = await submit(store);
    const made: string[] = [];
    for (let round = 0; round < 4; round++) {
      clock.advance(60_000);
      made.push((await migrateUp(store, { migrations: NEXT })).backup!);
      clock.advance(60_000);
      made.push((await migrateDown(store, 1, { migrations: NEXT })).backup!);
    }
    const folder = join(dirname(store.file), 'backups');
    expect(made[0]).toBe(join(folder, `longhand-${STEPS.at(-1)}-20260101T000100000Z.db`));
    expect(backupsOf(store).map((backup) => join(folder, backup))).toEqual(made.slice(-7).sort());
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(made.at(-1)!).mode & 0o777).toBe(0o600);
    expect(await backedUp(made.at(-1)!)).toMatchObject({ transcription_jobs: [{ id, mood: 'calm' }] });
  });

  test('a step that fails leaves the database as it was, and says where the backup is', async () => {
    const store = await openAt(await newPlace());
    await submit(store);
    const schema = await schemaOf(store);
    const before = await everything(store);
    const failed = migrateUp(store, { migrations: BROKEN });
    await expect(failed).rejects.toMatchObject({
      message: expect.stringMatching(/step 9999-broken.*the second half failed/),
      remedy: expect.stringMatching(/Nothing was changed\. A backup is in .*backups/),
    });
    expect(await schemaOf(store)).toEqual(schema);
    expect(await everything(store)).toEqual(before);
    expect(backupsOf(store).length).toBe(1);
  });

  test('a dry run tells what would be done, on a copy that is gone afterwards', async () => {
    const clock = testClock();
    const store = await openAt(await newPlace(), { clock });
    await fill(store, clock);
    const traces = async () => [readdirSync(dirname(store.file)).sort(), await schemasOf(store), await rowsOf(store)];
    const before = await traces();
    expect(await dryRun(store, { migrations: NEXT })).toMatchObject({ applied: ['9999-next'] });
    expect(await dryRun(store, { direction: 'down' })).toMatchObject({ applied: [STEPS.at(-1)] });
    expect(await dryRun(store, { direction: 'down', steps: 2 })).toMatchObject({ applied: STEPS.slice(-2).reverse() });
    expect(await dryRun(store)).toMatchObject({ applied: [] });
    await expect(dryRun(store, { migrations: BROKEN })).rejects.toThrow(/the second half failed/);
    expect(await traces()).toEqual(before);
    expect(await pendingMigrations(store, NEXT)).toEqual(['9999-next']);
  });

  test('a dry run meets the rows that the migration will meet', async () => {
    const store = await openAt(await newPlace());
    const { job } = await working(store);
    const strict: Migrations = {
      ...MIGRATIONS,
      '9999-strict': {
        up: async (db) => {
          await db.schema
            .createTable('strict')
            .addColumn('outcome', 'text', (column) => column.notNull())
            .execute();
          await sql`insert into strict select outcome from runs`.execute(db);
        },
      },
    };
    await expect(dryRun(store, { migrations: strict })).rejects.toThrow(/step 9999-strict/);
    expect(await getJob(store, job.id)).toMatchObject({ status: 'processing' });
  });

  test('a database can be opened as it is, to look before it is migrated', async () => {
    const place = await newPlace();
    await (await openAt(place)).close();
    const store = await openAt(place, { migrate: false, migrations: NEXT });
    expect(await pendingMigrations(store, NEXT)).toEqual(['9999-next']);
    expect(await columnsOf(store)).not.toContain('mood');
  });

  test('a database of a newer version is refused and left alone', async () => {
    const place = await newPlace();
    const newer = await openAt(place, { migrations: NEXT });
    for (const migrate of [true, false]) {
      await expect(openAt(place, { migrate })).rejects.toMatchObject({
        kind: 'usage',
        message: expect.stringMatching(/written by a newer Longhand \(9999-next\)/),
      });
    }
    expect(await columnsOf(newer)).toContain('mood');
  });

  test('another program’s database is refused and left alone', async () => {
    const place = await newPlace();
    const other = await openAt(place, { migrations: {} });
    await sql`create table cookies (id integer)`.execute(other.db);
    const before = await schemaOf(other);
    await expect(openAt(place)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(/another program's: it holds cookies/),
    });
    expect(await schemaOf(other)).toEqual(before);
  });

  test('table, column and index names that people rely on', async () => {
    const store = await openAt(await newPlace());
    const names = (await schemaOf(store)).map((row) => row.name);
    expect(names).toEqual(expect.arrayContaining(['idx_jobs_process_id', 'idx_jobs_active']));
    expect(await tableNames(store)).toEqual(expect.arrayContaining(['transcription_jobs', 'transcription_queue']));
    const wanted = `id filename original_path output_path duration_minutes model processes workers status progress
      progress_stage elapsed_seconds speed transcript error_message estimated_duration retry_count task_id created_at
      updated_at started_at completed_at process_id log_file_path last_heartbeat user_id space_id`;
    expect(await columnsOf(store)).toEqual(expect.arrayContaining(wanted.split(/\s+/)));
  });

  test.runIf(name === 'PostgreSQL')('many who open a new database at once make it once', async () => {
    const place = await newPlace();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openAt(place)));
    expect(await Promise.all(stores.map((store) => submit(store)))).toHaveLength(6);
    expect(await rowsOf(stores[0]!)).toMatchObject({ transcription_jobs: { length: 6 } });
  });
}

describe('migrations', () => onEachDialect(migrationTests));

/** PostgreSQL puts a column that comes back behind the others. */
function sorted(schema: unknown): unknown[] {
  return (schema as { sql: unknown }[]).map((row) => JSON.stringify(row)).sort();
}

async function schemasOf(store: Store): Promise<string[]> {
  if (store.dialect === 'sqlite') return [];
  return (await store.db.introspection.getSchemas()).map((schema) => schema.name).filter((name) => !/^pg_/.test(name));
}
