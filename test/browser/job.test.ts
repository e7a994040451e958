import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { logPath } from '../../src/supervisor/job-files.ts';
import { descendants } from '../support/cli.ts';
import { scratchPath } from '../support/scratch.ts';
import { HeldModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';
import { expectAccessible } from './axe.ts';
import { PHONE, type RunningService, startService, UNREACHED, visit } from './browser.ts';

const SENTENCE = 'The harvest was late that year, and nobody had seen the river so low. ';
const LINES = 100_000;
/** What docs/troubleshooting.md promises of it, and a run. */
const EVIDENCE = ['README.txt', 'job.json', 'log.txt', 'log-tail.txt', 'usage.csv', 'events.txt', 'runs/run-1.json'];

interface Shown {
  filename: string;
  status: string;
  path: string;
  error: { message: string; remedy: string | null } | null;
}

let service: RunningService;
const held = new HeldModel();
beforeAll(async () => {
  service = await startService({ MAX_CONCURRENT_TRANSCRIPTIONS: '1', ...(await held.env()) });
});
afterAll(() => service.end());

const job = (id: number) => service.get<Shown>(`/api/jobs/${id}`);

test('a running job is monitored from the history: its log lives, CPU and memory are told, and Stop ends all of it', async () => {
  held.holdFrom(2);
  const id = await service.upload(await speak(SENTENCE.repeat(20)));
  const { page } = await visit(service.address, '/history');
  await page.getByRole('link', { name: 'Monitor' }).click();
  await expect.poll(() => page.url()).toContain(`/jobs/${id}`);
  const log = page.getByRole('log', { name: 'Log' });
  await log.getByText('Run 1 of job').waitFor();
  // Written after the page was opened.
  await log.getByText('Processing chunk 1/').waitFor();
  await page
    .getByText(/^\d+ %$/)
    .first()
    .waitFor();
  await page
    .getByRole('definition')
    .filter({ hasText: /^\d+(\.\d)? MB$/ })
    .waitFor();
  await page.getByRole('img', { name: /^CPU over time/ }).waitFor();
  await page.getByRole('img', { name: /^Memory over time/ }).waitFor();
  await page.getByText('Goes on when you close this page.').waitFor();
  await expectAccessible(page);

  const atWork = descendants(service.process.child.pid as number);
  expect(atWork.map(({ command }) => command).join()).toMatch(/pocketsphinx/);
  await page.getByRole('button', { name: 'Stop', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByText(/^Stopped by user at /).waitFor();
  expect(await job(id)).toMatchObject({ status: 'cancelled' });
  await service.settled(id);
  await expect.poll(() => atWork.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]);
  held.release();
});

test('refresh can be stopped and taken up again, and nothing is missing then', async () => {
  const id = await service.upload(await speak(`${SENTENCE}Once more.`));
  const { page } = await visit(service.address, `/jobs/${id}?view=job`);
  await page.getByRole('button', { name: 'Stop refresh' }).click();
  await service.settled(id);
  await page.getByRole('link', { name: 'Read the text' }).waitFor();
  await page.getByRole('button', { name: 'Refresh', exact: true }).click();
  const whole = await (await fetch(`${service.address}/api/jobs/${id}/log`)).text();
  await page.getByText(`${whole.trimEnd().split('\n').length} lines`, { exact: true }).waitFor();
});

test('a hundred thousand lines are searched, and only a screen of them is drawn', async () => {
  // One that fails at once.
  const notes = join(service.home.folder, 'notes.wav');
  writeFileSync(notes, 'These are no sounds.');
  const id = await service.upload(notes);
  await service.settled(id);
  const { log } = await service.get<{ log: string }>(`/api/jobs/${id}/details`);
  const lines = Array.from(
    { length: LINES },
    (_, at) => `2026-01-31T12:00:00.000Z INFO    transcribe  Line number ${at}`,
  );
  appendFileSync(log, `${lines.join('\n')}\n`);
  const { page } = await visit(service.address, `/jobs/${id}?view=job`);
  const place = page.getByRole('log', { name: 'Log' });
  await place.getByText(`Line number ${LINES - 1}`, { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Earlier lines' }).click();
  await page.getByText('100,000 lines', { exact: true }).waitFor();
  await page.getByRole('searchbox', { name: 'Find in these lines' }).fill('number 4711');
  // Itself, and ten with another digit.
  await page.getByText('0 of 11', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await place.getByText('Line number 4711', { exact: true }).waitFor();
  await page.getByText('1 of 11', { exact: true }).waitFor();
  expect(await page.getByRole('checkbox', { name: 'Follow' }).isChecked()).toBe(false);
  expect(await place.locator('[data-index]').count()).toBeLessThan(100);
  await page.getByRole('button', { name: 'To the end' }).click();
  await place.getByText(`Line number ${LINES - 1}`, { exact: true }).waitFor();
});

test('a failed job is marked until it is opened; it says what is wrong and what to do, and trying again works', async () => {
  await service.post('/api/queue/pause');
  const id = await service.upload(await speak(`${SENTENCE}It went away.`));
  const { path, filename } = await job(id);
  renameSync(path, `${path}.away`);
  await service.post('/api/queue/resume');
  await service.settled(id);
  const { error } = await job(id);
  const { page } = await visit(service.address, '/settings');
  const marked = page.getByRole('region', { name: 'Failed' }).getByRole('link', { name: filename });
  await marked.click();
  await page
    .getByText(error?.message ?? 'nothing')
    .first()
    .waitFor();
  await page
    .getByText(error?.remedy ?? 'nothing')
    .first()
    .waitFor();
  await expect.poll(() => marked.count()).toBe(0);
  await expectAccessible(page);
  const saving = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Save what a report needs' }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe(`job-${id}-evidence.tar.gz`);
  const archive = scratchPath('evidence.tar.gz');
  await saved.saveAs(archive);
  const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n');
  expect(names).toEqual(expect.arrayContaining(EVIDENCE.map((name) => `job-${id}/${name}`)));
  expect(execFileSync('tar', ['-xOzf', archive, `job-${id}/README.txt`], { encoding: 'utf8' })).toContain(
    error?.message,
  );

  await page.getByRole('button', { name: 'Other ways to try again' }).click();
  await page.getByRole('menuitem', { name: 'All from the start' }).waitFor();
  await page.keyboard.press('Escape');
  renameSync(`${path}.away`, path);
  await page.getByRole('button', { name: 'Try again', exact: true }).click();
  await service.settled(id);
  expect(await job(id)).toMatchObject({ status: 'completed' });
});

test('a job whose process is gone without anybody having noticed is told as that, with its last hundred lines', async () => {
  // Nobody looks for orphans by himself.
  const alone = await startService({
    LONGHAND_SWEEP_INTERVAL: '86400',
    MAX_CONCURRENT_TRANSCRIPTIONS: '1',
    ...(await held.env()),
  });
  onTestFinished(() => alone.end());
  held.holdFrom(2);
  const working = await alone.upload(await speak(SENTENCE.repeat(12)));
  await expect
    .poll(() => alone.get<{ running: boolean }>(`/api/jobs/${working}/process`))
    .toMatchObject({ running: true });
  // What an owner leaves behind that is lost with its machine: rows of a run that nobody ended, and a process that is gone.
  const database = new Database(join(alone.home.dataDir, 'longhand.db'));
  const copy = (table: string, where: string, changed: Record<string, unknown>) => {
    const row = { ...(database.prepare(`select * from ${table} where ${where}`).get() as object), ...changed };
    const names = Object.keys(row);
    const marks = names.map(() => '?').join();
    database.prepare(`insert into ${table} (${names.join()}) values (${marks})`).run(Object.values(row));
  };
  const lease = { lease_token: 'of-nobody' };
  const lost = working + 1;
  const log = logPath(alone.home.dataDir, lost);
  const changed = { id: lost, filename: 'lost.wav', log_file_path: log, ...lease };
  copy('transcription_jobs', `id = ${working}`, changed);
  copy('runs', `job_id = ${working}`, { id: null, job_id: lost, token: 'of-nobody', ...lease });
  database.close();
  await alone.post(`/api/jobs/${working}/cancel`);
  await alone.settled(working);
  const lines = Array.from(
    { length: 150 },
    (_, at) => `2026-01-31T12:00:00.000Z INFO    transcribe  It said ${at + 1}`,
  );
  writeFileSync(log, `${lines.join('\n')}\n`);

  const { page } = await visit(alone.address, `/jobs/${lost}`);
  const place = page.getByRole('log', { name: 'Log' });
  await page.getByText('Process is no longer running').waitFor();
  await page.getByText('100 lines', { exact: true }).waitFor();
  await place.getByText('It said 150', { exact: true }).waitFor();
  await place.evaluate((box) => box.scrollTo(0, 0));
  await place.getByText('It said 51', { exact: true }).waitFor();
  await expectAccessible(page);
  // Found at last, it goes on from what was kept.
  held.release();
  await alone.post('/api/cleanup');
  await page.getByText('Process is no longer running').waitFor({ state: 'detached' });
  await alone.settled(lost);
  expect(await alone.get(`/api/jobs/${lost}`)).toMatchObject({ status: 'completed' });
});

test('a job is paused and goes on; when the service dies meanwhile, the page finds back by itself, and the job is done', async () => {
  held.holdFrom(1);
  const id = await service.upload(await speak(SENTENCE.repeat(16)));
  const { page } = await visit(service.address, `/jobs/${id}`, {
    expectTrouble: UNREACHED,
  });
  const log = page.getByRole('log', { name: 'Log' });
  await log.getByText('Processing chunk 1/').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('You paused it. It rests until you let it go on.').waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('resumed, run 2').waitFor();
  await page
    .getByRole('region', { name: 'In work' })
    .getByText(/resumed/)
    .waitFor();

  await log.getByText('Run 2 of job').waitFor();
  await page.evaluate(() => Object.assign(window, { notLoadedAgain: true }));
  await service.end('SIGKILL');
  await page.getByText('Longhand does not answer at the moment.').waitFor();
  held.release();
  await service.startAgain();
  await log.getByText('Run 3 of job').waitFor();
  await service.settled(id);
  expect(await job(id)).toMatchObject({ status: 'completed' });
  // Its text takes the place of the work.
  await log.waitFor({ state: 'detached' });
  expect(await page.evaluate(() => 'notLoadedAgain' in window)).toBe(true);
});

test('on a phone, in Thai: nothing is wider than the screen', async () => {
  await service.post('/api/queue/pause');
  const id = await service.upload(await speak(`${SENTENCE}On a phone.`));
  const { page } = await visit(service.address, `/jobs/${id}`, { locale: 'th-TH', viewport: PHONE, hasTouch: true });
  await page.getByText('เป็นคิวถัดไป').waitFor();
  await page.getByText('ทำต่อแม้คุณปิดหน้านี้').waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'ยกเลิก', exact: true }).click();
  await page.getByText(/^ผู้ใช้สั่งหยุดเมื่อ /).waitFor();
  expect(await job(id)).toMatchObject({ status: 'cancelled' });
  await service.post('/api/queue/resume');
});
