import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { backupStore } from '../../src/store/backup.ts';
import { backupFailure } from '../../src/store/backup-failure.ts';
import { DailyBackups } from '../../src/store/daily-backups.ts';
import { examineStore } from '../../src/store/examine.ts';
import { openStore } from '../../src/store/open.ts';
import { openReadOnly } from '../../src/store/read-only.ts';
import type { Store } from '../../src/store/store.ts';
import { damagedCopy, damageMiddle } from './damage.ts';
import { onEachDialect, onPostgres, type TestedDialect } from './dialects.ts';
import { fill, type Rows, rowsOf } from './filled.ts';
import { submit, type TestClock, temporaryFolder, testClock } from './support.ts';

const HOUR_MS = 3_600_000;

async function rowsIn(backup: string): Promise<Rows> {
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

/** Daily backups whose next backup, or error, can be waited for. */
function daily(store: Store) {
  const heard: { made: string[]; errors: Error[] } = { made: [], errors: [] };
  const backups = new DailyBackups(store, {
    onBackup: async (path) => {
      heard.made.push(path);
    },
    onError: (error) => heard.errors.push(error as Error),
  });
  onTestFinished(() => backups.stop());
  return { backups, heard };
}

function backupTests({ name, newPlace }: TestedDialect): void {
  async function newStore(clock: TestClock = testClock()): Promise<Store> {
    const store = await openStore({ ...(await newPlace()), clock });
    onTestFinished(() => store.close());
    return store;
  }

  test('holds every row, is for the user alone, and is one file', async () => {
    const clock = testClock();
    const store = await newStore(clock);
    await fill(store, clock);
    const path = await backupStore(store);
    expect(await rowsIn(path)).toEqual(await rowsOf(store));
    expect(backupsOf(store)).toEqual([path.slice(dirname(path).length + 1)]);
    expect([path, dirname(path)].map((made) => statSync(made).mode & 0o777)).toEqual([0o600, 0o700]);
  });

  test('is of one moment, though others write meanwhile', async () => {
    const store = await newStore();
    for (let n = 0; n < 250; n++) await submit(store);
    let making = true;
    const writing = (async () => {
      let written = 0;
      while (making) {
        await submit(store);
        written += 1;
        // SQLite answers at once; without a pause nothing else would ever be heard.
        await nextTurn();
      }
      return written;
    })();
    const path = await backupStore(store);
    making = false;
    expect(await writing).toBeGreaterThan(0);
    const { transcription_jobs: jobs = [], events = [], transcription_queue: queue = [] } = await rowsIn(path);
    expect(jobs.length).toBeGreaterThanOrEqual(250);
    expect(events.map(({ job_id }) => job_id)).toEqual(jobs.map(({ id }) => id));
    expect(queue.map(({ job_id }) => job_id)).toEqual(jobs.map(({ id }) => id));
  });

  test('tables of any length are in it', async () => {
    const store = await newStore();
    const rows = Array.from({ length: 1001 }, (_, n) => ({ job_id: n, at: n, type: 'status' as const, actor: 'ß' }));
    await store.db.insertInto('events').values(rows).execute();
    const { events } = await rowsIn(await backupStore(store));
    expect(events).toEqual((await rowsOf(store)).events);
    expect(events?.length).toBe(1001);
  });

  test('one that is given up leaves nothing', async () => {
    const store = await newStore();
    await submit(store);
    const stop = new AbortController();
    const making = backupStore(store, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(making).rejects.toThrow('enough');
    expect(backupsOf(store)).toEqual([]);
  });

  test('what a killed process had left half done is removed after a day', async () => {
    const clock = testClock();
    const store = await newStore(clock);
    const kept = await backupStore(store);
    const left = join(dirname(kept), 'longhand-0001-jobs-20250101T000000000Z.db.part');
    writeFileSync(left, 'half');
    utimesSync(left, clock.now() / 1000, clock.now() / 1000);
    clock.advance(24 * HOUR_MS);
    await backupStore(store);
    expect(existsSync(left)).toBe(true);
    clock.advance(1000);
    await backupStore(store);
    expect(existsSync(left)).toBe(false);
  });

  test('daily: as soon as there is a job and no backup, then when a day is over, and seven are kept', async () => {
    const clock = testClock();
    const store = await newStore(clock);
    const { backups, heard } = daily(store);
    await backups.backUpIfDue();
    expect(heard.made).toEqual([]);
    await submit(store);
    await backups.backUpIfDue();
    await backups.backUpIfDue();
    expect(heard.made.length).toBe(1);
    clock.advance(24 * HOUR_MS - 1);
    await backups.backUpIfDue();
    expect(heard.made.length).toBe(1);
    for (let day = 0; day < 8; day++) {
      clock.advance(24 * HOUR_MS);
      await Promise.all([backups.backUpIfDue(), backups.backUpIfDue()]);
    }
    expect(heard).toMatchObject({ made: { length: 9 }, errors: [] });
    expect(backupsOf(store).map((backup) => join(dirname(heard.made[0]!), backup))).toEqual(heard.made.slice(-7));
  });

  test('why a daily backup failed is kept until one succeeds', async () => {
    const clock = testClock();
    const store = await newStore(clock);
    await submit(store);
    const { backups, heard } = daily(store);
    const newest = await backupStore(store);
    clock.advance(25 * HOUR_MS);
    // Nothing can take the name of the next backup.
    const { version } = await examineStore(store);
    mkdirSync(join(dirname(newest), `longhand-${version}-20260102T010000000Z.db.part`));
    await backups.backUpIfDue();
    expect(heard).toMatchObject({ made: [], errors: [expect.any(Error)] });
    expect(backupFailure(store.file)).toMatchObject({ at: clock.now(), message: heard.errors[0]?.message });
    clock.advance(1000);
    await backups.backUpIfDue();
    expect(heard.made).toHaveLength(1);
    expect(backupFailure(store.file)).toBeUndefined();
  });

  test('daily backups start once, and stop as often as somebody likes, with nothing half done', async () => {
    const store = await newStore();
    await submit(store);
    const { backups, heard } = daily(store);
    backups.start();
    backups.start();
    await Promise.all([backups.stop(), backups.stop()]);
    backups.start();
    await backups.backUpIfDue();
    expect(heard.errors).toEqual([]);
    expect(backupsOf(store).filter((backup) => backup.endsWith('.part'))).toEqual([]);
    expect(backupsOf(store).length).toBe(heard.made.length);
  });

  test('a sound database is told as such: its version, its size, its newest backup', async () => {
    const clock = testClock();
    const store = await newStore(clock);
    await fill(store, clock);
    const newestBackup = await backupStore(store);
    expect(await examineStore(store)).toMatchObject({ pending: [], jobs: 4, newestBackup });
  });

  test.runIf(name === 'SQLite')('a damaged database is found by its backup, which is not kept', async () => {
    const clock = testClock();
    const store = await newStore(clock);
    for (let n = 0; n < 40; n++) await submit(store, { filename: `${n}-${'x'.repeat(2000)}.flac` });
    const good = await backupStore(store);
    await store.close();
    damageMiddle(store.file);
    const damaged = await openStore({ file: store.file, clock });
    onTestFinished(() => damaged.close());
    clock.advance(24 * HOUR_MS);
    const before = readFileSync(store.file);
    const { backups, heard } = daily(damaged);
    await backups.backUpIfDue();
    const said = {
      kind: 'disk',
      message: expect.stringContaining(`The database ${store.file} is damaged`),
      remedy: `Go back to the newest good backup: longhand db restore ${good}`,
    };
    expect(heard).toMatchObject({ made: [], errors: [said] });
    await expect(examineStore(damaged)).rejects.toMatchObject(said);
    expect(backupsOf(store).filter((name) => name.endsWith('.db'))).toHaveLength(1);
    expect(readFileSync(store.file).equals(before)).toBe(true);
  });
}

describe('backups', () => {
  onEachDialect(backupTests);

  onPostgres((server) => {
    test('a table that is damaged on the server’s disk is found by reading it', async () => {
      const clock = testClock();
      const file = join(temporaryFolder(), 'longhand.db');
      const url = await server.createDatabase();
      const store = await openStore({ file, url, clock });
      await fill(store, clock);
      const good = await backupStore(store);
      await store.close();
      const damaged = await openStore({ file, clock, url: await damagedCopy(server, url.split('/').at(-1) as string) });
      onTestFinished(() => damaged.close());
      const said = {
        kind: 'disk',
        message: expect.stringContaining(`The database ${damaged.name} is damaged`),
        remedy: `Go back to the newest good backup: longhand db restore ${good}`,
      };
      await expect(examineStore(damaged)).rejects.toMatchObject(said);
      clock.advance(24 * HOUR_MS);
      await expect(backupStore(damaged)).rejects.toMatchObject(said);
      expect(backupsOf(damaged)).toHaveLength(1);
    });
  });
});
