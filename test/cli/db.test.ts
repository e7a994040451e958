import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import type { BackedUp, Checked, MigrationReport } from '../../src/jobs/database.ts';
import type { JobView } from '../../src/jobs/view.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { listPage } from '../../src/store/job-list.ts';
import { getJob, insertJob } from '../../src/store/jobs.ts';
import { MIGRATIONS } from '../../src/store/migrations/index.ts';
import { openStore } from '../../src/store/open.ts';
import type { Restored } from '../../src/store/restore.ts';
import type { Store } from '../../src/store/store.ts';
import { storyFile } from '../chaos/support.ts';
import { damageMiddle } from '../store/damage.ts';
import { Home } from '../support/cli.ts';
import { NO_POSTGRES, postgresInTests } from '../support/postgres.ts';
import { speak } from '../support/speech.ts';

const LAST_STEP = Object.keys(MIGRATIONS).at(-1) as string;

async function withStore<T>(home: Home, work: (store: Store) => Promise<T>): Promise<T> {
  const url = home.env.LONGHAND_DATABASE_URL;
  const store = await openStore({ file: join(home.dataDir, 'longhand.db'), url, clock: systemClock });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A data folder with a job for each name. */
async function homeWith(names: string[], env: NodeJS.ProcessEnv = {}): Promise<Home> {
  const home = new Home(env);
  await withStore(home, async (store) => {
    for (const filename of names) await insertJob(store, { filename, actor: 'user' });
  });
  return home;
}

function namesIn(home: Home): Promise<string[]> {
  const newest = { sort: 'newest', limit: 99 } as const;
  return withStore(home, async (store) => (await listPage(store, {}, newest)).jobs.map(({ filename }) => filename));
}

/** What the care of a database does, whichever it is. */
function careTests(newHome: (names: string[]) => Promise<Home>): void {
  test('check tells that it is sound, and which backup is the newest', async () => {
    const home = await newHome(['a.flac', 'b.flac']);
    const first = await home.run(['db', 'check']);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(
      /^The database .* is sound: 2 jobs, [\d.]+ [KM]B, schema 0010-transcript-versions\.\n/,
    );
    expect(first.stdout).toContain('There is no backup yet. Make one: longhand db backup\n');
    const { backup } = await home.json<BackedUp>(['db', 'backup']);
    const checked = await home.json<Checked>(['db', 'check']);
    expect(checked).toMatchObject({
      state: 'sound',
      found: { version: LAST_STEP, pending: [], jobs: 2, newestBackup: backup },
    });
  });

  test('backup, then restore: what came after is gone, and kept aside', async () => {
    const home = await newHome(['a.flac']);
    const made = await home.run(['db', 'backup']);
    expect(made).toMatchObject({ code: 0 });
    const backup = made.stdout.trim();
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    await withStore(home, (store) => insertJob(store, { filename: 'later.flac', actor: 'user' }));
    const restored = await home.json<Restored>(['db', 'restore', backup]);
    expect(restored).toMatchObject({ version: LAST_STEP, aside: expect.any(String) });
    expect(await namesIn(home)).toEqual(['a.flac']);
    // Its number is not given again, because its files may be there.
    expect(await withStore(home, (store) => insertJob(store, { filename: 'new.flac', actor: 'user' }))).toBe(3);
  });

  test('rollback and migrate, each tried on a copy first, keep every job', async () => {
    const home = await newHome(['a.flac']);
    expect(await home.json<MigrationReport>(['db', 'rollback', '--dry-run'])).toMatchObject({
      ...{ dryRun: true, applied: [LAST_STEP] },
    });
    expect(await home.json<Checked>(['db', 'check'])).toMatchObject({ found: { version: LAST_STEP } });

    const back = await home.run(['db', 'rollback']);
    expect(back.stdout).toMatch(new RegExp(`^Took back: ${LAST_STEP}\\.\nBackup from before: .*\\.db\n$`));
    expect(back.stderr).toContain('Now start the older version');
    expect(await home.json<Checked>(['db', 'check'])).toMatchObject({ found: { pending: [LAST_STEP] } });

    const tried = await home.run(['db', 'migrate', '--dry-run']);
    expect(tried.stdout).toMatch(new RegExp(`^Would take: ${LAST_STEP} \\(\\d+ ms on a copy\\)\\.\n$`));
    const taken = await home.json<MigrationReport>(['db', 'migrate']);
    expect(taken).toMatchObject({ dryRun: false, applied: [LAST_STEP], backup: expect.any(String) });
    expect(existsSync(taken.backup as string)).toBe(true);
    expect((await home.run(['db', 'migrate'])).stdout).toBe('The schema is up to date.\n');
    expect(await namesIn(home)).toEqual(['a.flac']);
  });
}

describe('longhand db', () => {
  describe('on a file', () => careTests((names) => homeWith(names)));

  describe.skipIf(NO_POSTGRES)(NO_POSTGRES ?? 'on PostgreSQL', () => {
    const server = postgresInTests();
    const newHome = async (names: string[]) =>
      homeWith(names, { LONGHAND_DATABASE_URL: await server.createDatabase() });
    careTests(newHome);

    test('a backup of a file can be restored there: the database moves', async () => {
      const home = await homeWith(['a.flac', 'b.flac']);
      const { backup } = await home.json<BackedUp>(['db', 'backup']);
      const url = await server.createDatabase();
      const moved = await home.run(['db', 'restore', backup], { LONGHAND_DATABASE_URL: url });
      expect(moved).toMatchObject({ code: 0, stdout: `Restored ${backup} (schema ${LAST_STEP}).\n` });
      const onServer = await openStore({ file: join(home.dataDir, 'longhand.db'), url, clock: systemClock });
      onTestFinished(() => onServer.close());
      expect(await getJob(onServer, 2)).toMatchObject({ filename: 'b.flac' });
    });

    test('a server that does not let us in is told without the password, at once', async () => {
      const home = new Home({ LONGHAND_DATABASE_URL: `postgres://app:hunter2@127.0.0.1:${server.port}/absent` });
      const { code, stdout, stderr } = await home.run(['db', 'check']);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('There is no database "absent" on the server');
      expect(stderr).not.toContain('hunter2');
    });
  });

  test('a damaged database is told with the command that brings it back, and that command does', async () => {
    const home = await homeWith(['a.flac']);
    const { backup } = await home.json<BackedUp>(['db', 'backup']);
    const file = join(home.dataDir, 'longhand.db');
    writeFileSync(file, 'nonsense'.repeat(5000));
    const found = await home.run(['db', 'check']);
    expect(found).toMatchObject({ code: 1, stdout: '' });
    expect(found.stderr).toContain(`The database ${file} is damaged`);
    const checked = await home.run(['db', 'check', '--json']);
    expect(checked).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(checked.stdout)).toMatchObject({ state: 'damaged', error: { kind: 'disk' } });

    const refused = await home.run(['jobs']);
    expect(refused.code).toBe(1);
    const [, command] = /Go back to the newest good backup: longhand (.*)\n/.exec(refused.stderr) ?? [];
    expect(readFileSync(file, 'utf8')).toMatch(/^nonsense/);
    const typed = ['-c', `"$0" "$1" ${command}`, process.execPath, join(PACKAGE_ROOT, 'dist', 'longhand.js')];
    const { stdout } = await promisify(execFile)('sh', typed, { env: home.env });
    expect(stdout).toContain(`Restored ${backup} `);
    expect((await home.json<{ jobs: JobView[] }>(['jobs'])).jobs).toMatchObject([{ filename: 'a.flac' }]);
  });

  test('damage that nobody meets at work is found after an unclean stop, and by the daily backup', async () => {
    const home = await homeWith(Array.from({ length: 40 }, (_, n) => `${n}-${'x'.repeat(2000)}.flac`));
    const { backup: made } = await home.json<BackedUp>(['db', 'backup']);
    const backup = made.replace(/\d{8}T/, '20200101T');
    renameSync(made, backup);
    const file = join(home.dataDir, 'longhand.db');
    damageMiddle(file);

    const worked = await home.run(['transcribe', await speak('The people of the city were very angry.')]);
    expect(worked).toMatchObject({ code: 0, stdout: expect.stringMatching(/\w/) });
    expect(worked.stderr).toContain(`The database ${file} is damaged`);
    expect(readFileSync(join(home.dataDir, 'logs', 'longhand.log'), 'utf8')).toContain(
      `The database ${file} is damaged`,
    );
    const told = (await home.run(['doctor'])).stdout;
    expect(told).toMatch(
      new RegExp(`^! +backups +the last daily backup failed .*longhand db restore .*${basename(backup)}'?$`, 'm'),
    );
    expect(told).toMatch(new RegExp(`^✗ +database .* is damaged .*longhand db restore .*${basename(backup)}'?$`, 'm'));

    // As a power cut leaves it.
    writeFileSync(`${file}-wal`, 'x');
    const before = readFileSync(file);
    const refused = await home.run(['jobs']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      new RegExp(`Go back to the newest good backup: longhand db restore .*${basename(backup)}`),
    );
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('while Longhand works, check and backup go on beside it; what changes the database is refused', async () => {
    const home = new Home();
    // So that it lives for as long as this takes.
    expect((await home.run(['queue', 'pause'])).code).toBe(0);
    const working = home.start(['transcribe', await storyFile()]);
    await working.said(/The queue is paused/);
    expect(await home.json<Checked>(['db', 'check'])).toMatchObject({ state: 'sound', found: { jobs: 1 } });
    const { backup } = await home.json<BackedUp>(['db', 'backup']);
    expect(dirname(backup)).toBe(join(home.dataDir, 'backups'));
    expect((await home.json<MigrationReport>(['db', 'rollback', '--dry-run'])).applied).toEqual([LAST_STEP]);
    for (const args of [['restore', backup], ['migrate'], ['rollback']]) {
      const { code, stdout, stderr } = await home.run(['db', ...args]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`Another Longhand works in the data folder ${home.dataDir}`);
      expect(stderr).toContain('end it (Ctrl-C in its terminal)');
    }
    working.signal('SIGINT');
    await working.finished;
    expect((await home.run(['db', 'restore', backup])).code).toBe(0);
    expect((await home.json<{ jobs: JobView[] }>(['jobs'])).jobs).toMatchObject([{ id: 1, status: 'pending' }]);
  });

  test('where there is no database yet, that is said', async () => {
    const home = new Home();
    const checked = await home.run(['db', 'check']);
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.stdout).toBe(`There is no database yet: ${join(home.dataDir, 'longhand.db')}\n`);
    for (const verb of ['backup', 'migrate', 'rollback']) {
      const { code, stderr } = await home.run(['db', verb]);
      expect(code).toBe(2);
      expect(stderr).toContain(`There is no database in ${home.dataDir} yet.`);
    }
    expect(existsSync(join(home.dataDir, 'longhand.db'))).toBe(false);
  });

  test('what cannot be restored, and steps that are no number, are refused', async () => {
    const home = await homeWith(['a.flac']);
    const missing = await home.run(['db', 'restore', 'absent.db']);
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain(`There is no file ${join(home.folder, 'absent.db')}.`);
    writeFileSync(join(home.folder, 'letter.txt'), 'Dear madam, '.repeat(999));
    const letter = await home.run(['db', 'restore', 'letter.txt']);
    expect(letter.code).toBe(2);
    expect(letter.stderr).toContain("is not a backup of Longhand's database");
    const steps = await home.run(['db', 'rollback', '--steps', 'all']);
    expect(steps.code).toBe(2);
    expect(steps.stderr).toContain('--steps must be a number from 1 to 999');
    expect(await namesIn(home)).toEqual(['a.flac']);
  });

  test.each(['check', 'backup', 'restore', 'migrate', 'rollback'])('help of %s has an example', async (verb) => {
    const { code, stdout } = await new Home().run(['db', verb, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--json');
    expect(stdout).toMatch(new RegExp(`Example:\n {2}longhand db ${verb}`));
  });
});
