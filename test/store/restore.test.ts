import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { backupStore } from '../../src/store/backup.ts';
import { getJob } from '../../src/store/jobs.ts';
import { migrateDown } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations/index.ts';
import { openStore } from '../../src/store/open.ts';
import { openReadOnly } from '../../src/store/read-only.ts';
import { restoreStore } from '../../src/store/restore.ts';
import type { Store } from '../../src/store/store.ts';
import { damageMiddle } from './damage.ts';
import { onEachDialect, onPostgres, type Place, type TestedDialect } from './dialects.ts';
import { fill, rowsOf, schemaOf } from './filled.ts';
import { claim, submit, temporaryFolder, testClock } from './support.ts';

const clock = testClock();
const STEPS = Object.keys(MIGRATIONS);

async function openAt(place: Place): Promise<Store> {
  const store = await openStore({ ...place, clock });
  onTestFinished(() => store.close());
  return store;
}

function restore(place: Place, from: string, lastJobId = 0) {
  return restoreStore(from, { ...place, clock, lastJobId });
}

/** A database with rows of every kind, its backup, and a job that came after. */
async function withBackup(place: Place) {
  const store = await openAt(place);
  await fill(store, clock);
  const rows = await rowsOf(store);
  const backup = await backupStore(store);
  const later = await submit(store, { filename: 'later.flac' });
  await store.close();
  return { rows, backup, later };
}

/** Everything in the folder of a database, name by name. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

function restoreTests({ newPlace }: TestedDialect): void {
  test('a backup takes the place of the database, row by row, and work goes on with it', async () => {
    const place = await newPlace();
    const { rows, backup } = await withBackup(place);
    expect(await restore(place, backup)).toMatchObject({ version: STEPS.at(-1), aside: expect.any(String) });
    const restored = await openAt(place);
    expect(await rowsOf(restored)).toEqual(rows);
    expect((await claim(restored))?.job.filename).toBe('interview.flac');
    expect(readdirSync(dirname(place.file))).not.toContain('longhand.db.restoring');
  });

  test('its schema is the one that a new database has', async () => {
    const [old, fresh] = [await newPlace(), await newPlace()];
    const { backup } = await withBackup(old);
    await restore(old, backup);
    const byName = (rows: Record<string, unknown>[]) => rows.filter(({ name }) => !/sqlite_stat/.test(String(name)));
    expect(byName(await schemaOf(await openAt(old)))).toEqual(byName(await schemaOf(await openAt(fresh))));
  });

  test('no number that was given is given again: neither by the database that was replaced, nor to files that are left', async () => {
    const place = await newPlace();
    const { backup, later } = await withBackup(place);
    await restore(place, backup);
    const store = await openAt(place);
    expect(await submit(store)).toBe(later + 1);
    await store.close();
    await restore(place, backup, 5000);
    expect(await submit(await openAt(place))).toBe(5001);
  });

  test('a backup of an older version is taken as it is, and brought up to date when it is opened', async () => {
    const place = await newPlace();
    const store = await openAt(place);
    const id = await submit(store);
    await migrateDown(store, 1);
    const backup = await backupStore(store);
    await store.close();
    expect(await restore(place, backup)).toMatchObject({ version: STEPS.at(-2) });
    expect(await getJob(await openAt(place), id)).toMatchObject({ filename: 'interview.flac', imported_from: null });
  });

  test('a place where there is no database yet gets one', async () => {
    const { rows, backup } = await withBackup({ file: join(temporaryFolder(), 'longhand.db') });
    const place = await newPlace();
    const restored = await restore(place, backup);
    expect(restored).toEqual({ version: STEPS.at(-1) });
    expect(await rowsOf(await openAt(place))).toEqual(rows);
  });

  test.each([
    ['is not there', (file: string) => rmSync(file), 'usage'],
    [
      'is another file',
      (file: string) => writeFileSync(file, 'no database, but long enough to be taken for one'.repeat(99)),
      'usage',
    ],
    ['is empty', (file: string) => truncateSync(file), 'usage'],
    ['is cut short', (file: string) => truncateSync(file, 20_000), 'disk'],
    ['is damaged inside', (file: string) => damageMiddle(file), 'disk'],
  ])('a backup that %s is refused, and the database is as it was', async (_, harm, kind) => {
    const place = await newPlace();
    const store = await openAt(place);
    for (let n = 0; n < 40; n++) await submit(store, { filename: `${n}-${'x'.repeat(2000)}.flac` });
    const rows = await rowsOf(store);
    const backup = await backupStore(store);
    await store.close();
    harm(backup);
    const before = filesIn(dirname(place.file));
    await expect(restore(place, backup)).rejects.toMatchObject({ kind: expect.stringMatching(`${kind}|usage`) });
    expect(filesIn(dirname(place.file))).toEqual(before);
    expect(await rowsOf(await openAt(place))).toEqual(rows);
  });

  test('a backup of a newer version, or of another program, is refused', async () => {
    const place = await newPlace();
    const { rows, backup } = await withBackup(place);
    const newer = join(temporaryFolder(), 'newer.db');
    copyFileSync(backup, newer);
    const changed = await openStore({ file: newer, clock });
    await sql`insert into kysely_migration values ('9999-next', '')`.execute(changed.db);
    await changed.close();
    await expect(restore(place, newer)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('newer Longhand (9999-next)'),
    });
    const other = join(temporaryFolder(), 'other.db');
    const cookies = await openStore({ file: other, clock, migrations: {} });
    await sql`create table cookies (id integer)`.execute(cookies.db);
    await cookies.close();
    await expect(restore(place, other)).rejects.toMatchObject({ kind: 'usage' });
    const after = await rowsOf(await openAt(place));
    expect(after.transcription_jobs?.length).toBe(rows.transcription_jobs!.length + 1);
  });
}

describe('restore', () => {
  onEachDialect(restoreTests);

  describe('of a file', () => {
    const newPlace = () => ({ file: join(temporaryFolder(), 'longhand.db') });

    test('keeps the file that was there, with what its last owner had just written', async () => {
      const place = newPlace();
      const { backup, later } = await withBackup(place);
      const left = join(temporaryFolder(), 'left.db');
      const store = await openAt(place);
      const last = await submit(store, { filename: 'in the log.flac' });
      for (const end of ['', '-wal']) copyFileSync(place.file + end, left + end);
      await store.close();
      for (const end of ['', '-wal']) copyFileSync(left + end, place.file + end);

      const { aside } = await restore(place, backup);
      expect(dirname(dirname(aside!))).toBe(join(dirname(place.file), 'replaced'));
      const kept = openReadOnly({ file: aside!, clock });
      onTestFinished(() => kept.close());
      expect(await getJob(kept, later)).toMatchObject({ filename: 'later.flac' });
      expect(await getJob(kept, last)).toMatchObject({ filename: 'in the log.flac' });
      expect(existsSync(`${place.file}-wal`)).toBe(false);
    });

    test('works however damaged the file is that it replaces', async () => {
      const place = newPlace();
      const { rows, backup } = await withBackup(place);
      writeFileSync(place.file, 'nonsense');
      const { aside } = await restore(place, backup);
      expect(readFileSync(aside!, 'utf8')).toBe('nonsense');
      expect(await rowsOf(await openAt(place))).toEqual(rows);
    });

    test('one that was interrupted while it changed places is told, and can be done again', async () => {
      const place = newPlace();
      const { rows, backup } = await withBackup(place);
      const elsewhere = join(temporaryFolder(), 'backup.db');
      renameSync(backup, elsewhere);
      // As it stands after the old file went and before the new one came.
      mkdirSync(join(dirname(place.file), 'replaced'));
      renameSync(place.file, join(dirname(place.file), 'replaced', 'longhand.db'));
      copyFileSync(elsewhere, `${place.file}.restoring`);
      await expect(openAt(place)).rejects.toMatchObject({
        kind: 'disk',
        message: expect.stringContaining('the file is missing or empty'),
      });
      await restore(place, elsewhere);
      expect(await rowsOf(await openAt(place))).toEqual(rows);
    });

    test('of itself is refused', async () => {
      const place = newPlace();
      await withBackup(place);
      await expect(restore(place, place.file)).rejects.toMatchObject({ kind: 'usage' });
    });
  });

  onPostgres((server) => {
    const newPlace = async () => ({
      file: join(temporaryFolder(), 'longhand.db'),
      url: await server.createDatabase(),
    });

    test('a database moves from a file to a server and back, and is the same', async () => {
      const file = { file: join(temporaryFolder(), 'longhand.db') };
      const { rows, backup } = await withBackup(file);
      const place = await newPlace();
      await restore(place, backup);
      const onServer = await openAt(place);
      expect(await rowsOf(onServer)).toEqual(rows);
      const back = await backupStore(onServer);
      await restore(file, back);
      expect(await rowsOf(await openAt(file))).toEqual(rows);
    });

    test('the tables that were there are kept in a schema of their own', async () => {
      const place = await newPlace();
      const { backup, later } = await withBackup(place);
      const { aside } = await restore(place, backup);
      expect(aside).toMatch(/^longhand_replaced_\d{8}t\d{9}z_\w{8}$/);
      const store = await openAt(place);
      const { rows } =
        await sql`select filename from ${sql.table(`${aside}.transcription_jobs`)} where id = ${later}`.execute(
          store.db,
        );
      expect(rows).toEqual([{ filename: 'later.flac' }]);
      expect(await getJob(store, later)).toBeUndefined();
      const schemas = (await store.db.introspection.getSchemas()).map(({ name }) => name);
      expect(schemas.filter((name) => name.startsWith('longhand_'))).toEqual([aside]);
    });

    test('is refused while another Longhand works with the database', async () => {
      const place = await newPlace();
      const { backup } = await withBackup(place);
      const other = await openAt(place);
      const rows = await rowsOf(other);
      await expect(restore(place, backup)).rejects.toMatchObject({
        kind: 'usage',
        message: `Another Longhand works with the database ${other.name}.`,
      });
      expect(await rowsOf(other)).toEqual(rows);
      const schemas = (await other.db.introspection.getSchemas()).map(({ name }) => name);
      expect(schemas.filter((name) => name.startsWith('longhand_'))).toEqual([]);
    });

    test('is refused where another program has its tables', async () => {
      const { backup } = await withBackup({ file: join(temporaryFolder(), 'longhand.db') });
      const place = await newPlace();
      await server.query('create table cookies (id integer)', place.url.split('/').at(-1));
      await expect(restore(place, backup)).rejects.toMatchObject({
        kind: 'usage',
        message: expect.stringContaining("another program's: it holds cookies"),
      });
    });
  });
});
