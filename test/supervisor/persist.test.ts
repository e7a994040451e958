import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NetworkError } from '../../src/domain/errors.ts';
import { getJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { listRuns } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';
import { persist } from '../../src/supervisor/persist.ts';
import { type RetryRules, settle } from '../../src/supervisor/settle.ts';
import { temporaryFolder, testClock, working } from '../store/support.ts';

/** Longer than anybody was patient before: two minutes, at a try a second. */
const FULL_FOR_TRIES = 120;

/** From now on SQLite says that the disk is full when the end of a run is written. */
async function fillDisk({ db }: Store): Promise<void> {
  await sql`create table ballast (id integer primary key autoincrement)`.execute(db);
  // A row behind the last one that SQLite can number is what it answers with SQLITE_FULL (https://www.sqlite.org/autoinc.html).
  await sql`insert into ballast values (9223372036854775807)`.execute(db);
  await sql`create trigger full after update of ended_at on runs begin insert into ballast values (null); end`.execute(
    db,
  );
}

async function emptyDisk({ db }: Store): Promise<void> {
  await sql`drop trigger full`.execute(db);
}

const RULES: RetryRules = {
  maxRetries: 3,
  dice: () => 0,
  smallerModel: async () => undefined,
  diskFull: async () => undefined,
};

describe('how a run ended', () => {
  test('is written when there is space again, however late that is, and the job is charged nothing', async () => {
    const clock = testClock();
    const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock });
    onTestFinished(() => store.close());
    const claimed = await working(store);
    await fillDisk(store);
    const told: string[] = [];
    let tries = 0;
    const error = { kind: 'disk', message: 'There is no space left on the disk.' } as const;
    await persist(
      async () => {
        tries += 1;
        if (tries === FULL_FOR_TRIES) await emptyDisk(store);
        return settle(
          store,
          RULES,
          claimed,
          { outcome: { type: 'failed', error }, usage: undefined, elapsedSeconds: 1 },
          '',
        );
      },
      { clock, isClosing: () => false, onFailure: (sentence) => told.push(sentence) },
    );
    expect(tries).toBe(FULL_FOR_TRIES);
    expect(told.length).toBeLessThan(10);
    expect(told[0]).toMatch(/There is no space left for the database/);
    expect(await getJob(store, claimed.job.id)).toMatchObject({ status: 'pending', crash_count: 0, retry_count: 0 });
    expect(await listRuns(store, claimed.job.id)).toMatchObject([{ outcome: 'failed', error_kind: 'disk' }]);
  });

  test.each([
    ['an owner that ends does not wait for space', () => new NetworkError('The database is gone.'), true],
    ['what nobody mends is not tried for ever', () => new Error('a bug'), false],
  ])('%s', async (_, failure, isClosing) => {
    let tries = 0;
    const write = async () => {
      tries += 1;
      throw failure();
    };
    const options = { clock: testClock(), isClosing: () => isClosing, onFailure: () => undefined };
    await expect(persist(write, options)).rejects.toThrow();
    expect(tries).toBe(5);
  });
});
