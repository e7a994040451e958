import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Config } from '../src/config/schema.ts';
import { systemClock } from '../src/domain/clock.ts';
import { listEvents } from '../src/store/events.ts';
import { insertJob } from '../src/store/jobs.ts';
import { openStore } from '../src/store/open.ts';
import type { Store } from '../src/store/store.ts';
import { eventually } from './chaos/support.ts';
import { ownConfig, ownerOf } from './supervisor/owners.ts';

const DAY_MS = 24 * 3_600_000;

async function withStore<T>({ dataDir }: Config, work: (store: Store) => Promise<T>): Promise<T> {
  mkdirSync(dataDir, { recursive: true });
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: systemClock });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The log is made with its first line. */
function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

it('once a day an owner makes a backup, and then forgets what is older than it is kept', async () => {
  const config = ownConfig({ eventDays: 30 });
  await withStore(config, async (store) => {
    const event = { job_id: 9, type: 'status', actor: 'user' } as const;
    const old = [31, 29].map((days) => ({ ...event, at: systemClock.now() - days * DAY_MS }));
    await store.db.insertInto('events').values(old).execute();
    await insertJob(store, { filename: 'a.flac', actor: 'user' });
  });
  const { owner } = await ownerOf(config);
  const log = join(config.dataDir, 'logs', 'longhand.log');
  const said = () => /backup +Made and verified (\S.*)\n.* Forgot 1 old events/.exec(textOf(log))?.[1];
  const backup = await eventually(said, 'a backup and what was forgotten');
  await owner.close();
  expect(readdirSync(join(config.dataDir, 'backups')).map((name) => join(config.dataDir, 'backups', name))).toEqual([
    backup,
  ]);
  expect((await withStore(config, (store) => listEvents(store))).map(({ type }) => type)).toEqual([
    'status',
    'submitted',
  ]);
});
