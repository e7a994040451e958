import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { JobLog } from '../../src/logs/job-log.ts';
import type { RunOrder } from '../../src/pipeline/order.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { processesWithToken } from '../../src/supervisor/identity.ts';
import { ProcessManager } from '../../src/supervisor/process-manager.ts';
import { Run } from '../../src/supervisor/run.ts';
import { StoreRegistry } from '../../src/supervisor/store-registry.ts';
import { temporaryFolder, working } from '../store/support.ts';
import { MISBEHAVING_RUNNER } from './owners.ts';

/** From now on SQLite says that the disk is full when the process of a run is recorded. */
async function fillDiskAtRegistration({ db }: Store): Promise<void> {
  await sql`create table ballast (id integer primary key autoincrement)`.execute(db);
  // A row behind the last one that SQLite can number is what it answers with SQLITE_FULL (https://www.sqlite.org/autoinc.html).
  await sql`insert into ballast values (9223372036854775807)`.execute(db);
  await sql`create trigger full after update of pid on runs begin insert into ballast values (null); end`.execute(db);
}

test('a disk that is full when a runner is registered is a failure of the disk and no crash', async () => {
  const dataDir = temporaryFolder();
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: systemClock });
  onTestFinished(() => store.close());
  const log = new JobLog(join(dataDir, 'job.log'), { now: systemClock.now });
  onTestFinished(() => log.close());
  const processes = new ProcessManager({ logDir: dataDir, registry: new StoreRegistry(store) });
  onTestFinished(() => processes.close());
  const claimed = await working(store);
  const jobDir = join(dataDir, 'jobs', String(claimed.job.id));
  mkdirSync(jobDir, { recursive: true });
  await fillDiskAtRegistration(store);
  process.env.MISBEHAVIOUR = 'works for ever';
  onTestFinished(() => void delete process.env.MISBEHAVIOUR);
  const run = new Run(
    {
      ...{ store, clock: systemClock, processes, log, runnerPath: MISBEHAVING_RUNNER },
      limits: { memoryBytes: 1024 ** 3, cpuCores: undefined, niceness: 0, timeoutSeconds: undefined },
      patience: { heartbeatMs: 1_000, missedHeartbeats: 60, progressMs: 60_000 },
      tell: () => undefined,
      redact: (text) => text,
      onProblem: () => undefined,
    },
    claimed,
    // It is not begun.
    { jobDir } as RunOrder,
  );
  const { outcome } = await run.result;
  expect(outcome).toMatchObject({ type: 'failed', error: { kind: 'disk' } });
  expect(processesWithToken(claimed.run.token)).toEqual([]);
});
