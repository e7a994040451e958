import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, truncateSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { byteSize } from '../../src/domain/bytes.ts';
import { mailbox, receiver } from '../notify/receivers.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';
import { expectAccessible } from './axe.ts';
import { PHONE, type RunningService, startService, UNREACHED, visit } from './browser.ts';

const SECTIONS = [
  ...['health', 'models', 'engines', 'defaults', 'limits', 'hours', 'notifications'],
  ...['access', 'storage', 'backups', 'page', 'about', 'all'],
];
const TEN_MINUTES_MS = 600_000;
/** What each request for a model gets, until it is closed. */
const HALF_BYTES = 30_000_000;
const TINY_BYTES = 77_691_713;

const mirror = createServer((request, response) => {
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const range = `bytes ${start}-${TINY_BYTES - 1}/${TINY_BYTES}`;
  const rest = { etag: '"one"', 'content-length': TINY_BYTES - start };
  response.writeHead(start > 0 ? 206 : 200, start > 0 ? { ...rest, 'content-range': range } : rest);
  response.write(Buffer.alloc(start > 0 ? 1_000 : HALF_BYTES));
});

let service: RunningService;
beforeAll(async () => {
  mirror.listen(0, '127.0.0.1');
  await once(mirror, 'listening');
  service = await startService({
    LONGHAND_MODEL_MIRROR: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`,
    LONGHAND_ALLOW_PRIVATE_HOOKS: 'true',
    // Nobody but the page looks for orphans here.
    LONGHAND_SWEEP_INTERVAL: '86400',
    MAX_RETRY_ATTEMPTS: '4',
  });
});
afterAll(async () => {
  await service.end();
  mirror.closeAllConnections();
  mirror.close();
});

test('an orphaned recording fails after a clean-up, one whose source is there completes, and foreign processes live on', async () => {
  const foreign = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void foreign.kill());
  const gone = join(service.home.folder, 'gone.wav');
  const there = await speak('The harvest was late that year.');
  const done = await service.upload(await speak('Nobody had seen the river so low.'));
  await service.settled(done);
  const database = new Database(join(service.home.dataDir, 'longhand.db'));
  // Asked for as that one was; but nobody works on them, and the process that is named is somebody else's.
  const insert = database.prepare(
    `insert into transcription_jobs (filename, original_path, status, process_id, last_heartbeat, created_at, updated_at,
       started_at, progress, model, engine, language, parameters)
     select ?, ?, 'processing', ?, ?, ?, ?, ?, 40, model, engine, language, parameters from transcription_jobs
       where id = ${done}`,
  );
  const at = Date.now() - TEN_MINUTES_MS;
  const [lost, kept] = [gone, there].map((path) => {
    const { lastInsertRowid } = insert.run(path.split('/').at(-1), path, foreign.pid, at, at, at, at);
    return Number(lastInsertRowid);
  });
  database.close();

  const { page } = await visit(service.address, '/settings/health');
  await page.getByRole('button', { name: 'Clean up now' }).click();
  await page.getByText(`Recording ${lost} had been orphaned, and failed.`).waitFor();
  await page.getByText(`Recording ${kept} had been orphaned. It goes on from where it was.`).waitFor();
  await page
    .getByRole('listitem')
    .filter({ hasText: `Recording ${lost} ` })
    .getByRole('link')
    .click();
  await expect.poll(() => page.url()).toBe(`${service.address}/jobs/${lost}`);
  expect(await service.get(`/api/jobs/${lost}`)).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('orphaned') },
  });
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByRole('article').filter({ hasText: 'gone.wav' }).getByText('Failed', { exact: true }).waitFor();
  await service.settled(kept as number);
  expect(await service.get(`/api/jobs/${kept}`)).toMatchObject({ status: 'completed' });
  expect([foreign.exitCode, foreign.signalCode]).toEqual([null, null]);
});

test('a setting is changed and kept over a restart; what is wrong with one is said at it; one that is set elsewhere is locked', async () => {
  const { page } = await visit(service.address, '/settings/limits', { expectTrouble: UNREACHED });
  const atOnce = page.getByRole('textbox', { name: 'Recordings at the same time' });
  const save = card(page, 'How much at once').getByRole('button', { name: 'Save' });
  await atOnce.fill('0');
  await save.click();
  await page.getByText('This must be 1 or more.').waitFor();
  await atOnce.fill('3');
  await save.click();
  await page.getByText('Saved.', { exact: true }).waitFor();
  expect(await page.getByLabel('Tries after an error').isDisabled()).toBe(true);
  await page.getByText('Set in the environment, as MAX_RETRY_ATTEMPTS.').waitFor();

  await page.getByRole('textbox', { name: 'Memory per recording' }).fill('3 GB');
  await card(page, 'What one recording may take').getByRole('button', { name: 'Save' }).click();
  await page.getByText(/hold after a restart: Memory per recording\./).waitFor();
  await service.end();
  await service.startAgain();
  await page.getByText(/hold after a restart/).waitFor({ state: 'detached' });
  await page.reload();
  await expect.poll(() => atOnce.inputValue()).toBe('3');
  expect(await page.getByRole('textbox', { name: 'Memory per recording' }).inputValue()).toBe('3 GB');

  await page.getByRole('button', { name: 'Set back: Recordings at the same time' }).click();
  await expect.poll(() => atOnce.inputValue()).toBe('2');

  await page.goto(`${service.address}/settings/hours`);
  await page.getByText('Now: work goes on at any time.').waitFor();
  const hours = page.getByRole('group', { name: 'Hours for work' });
  const [from, to] = [hours.getByLabel('From').first(), hours.getByLabel('To').first()];
  const saved = async () => {
    const { settings } = await service.get<{ settings: { name: string; value: unknown }[] }>('/api/settings');
    return settings.find(({ name }) => name === 'quietHours')?.value;
  };
  await from.fill('22:00');
  await page.getByRole('button', { name: 'Save' }).click();
  await hours.getByText('Say both when the hours begin and when they end.').waitFor();
  expect(await from.getAttribute('aria-invalid')).toBe('true');
  await to.fill('22:00');
  await hours.getByText('They end when they begin.').waitFor();
  await expectAccessible(page);
  await to.fill('07:00');
  await hours.getByRole('button', { name: 'More hours' }).click();
  await hours.getByLabel('From').last().fill('12:30');
  await hours.getByLabel('To').last().fill('00:00');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.', { exact: true }).waitFor();
  expect(await saved()).toBe('22:00-07:00, 12:30-24:00');
  await page.reload();
  await expect.poll(() => hours.getByLabel('To').last().inputValue()).toBe('00:00');
  await hours.getByRole('button', { name: 'Remove hours 1' }).click();
  expect(await from.inputValue()).toBe('12:30');
  // What only the service knows is said at the field as well.
  await page.getByLabel('Time zone').fill('Europe/Atlantis');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/The setting timeZone cannot be that/).waitFor();
  expect(await page.getByLabel('Time zone').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('Time zone').fill('Asia/Bangkok');
  await from.fill('');
  await to.fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Now: work goes on at any time.').waitFor();
  expect(await saved()).toBeNull();
});

test('a download of a model shows how far it is, is stopped, and goes on; a model is removed once somebody has said so', async () => {
  const file = scratchPath('settings-model.bin');
  writeGgmlModel(file, { script: [0, ' one', 1] });
  expect(await service.home.run(['models', 'add', file])).toMatchObject({ code: 0 });
  const { page } = await visit(service.address, '/settings/models');
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'GET') asked.push(new URL(request.url()).pathname);
  });
  const tiny = page.getByRole('listitem', { name: 'tiny' });
  // As longhand models says it.
  await tiny.getByText(byteSize(TINY_BYTES)).first().waitFor();
  await tiny.getByRole('button', { name: 'Install tiny' }).click();
  await expect
    .poll(async () => Number(await tiny.getByRole('progressbar').getAttribute('aria-valuenow')), { timeout: 20_000 })
    .toBeGreaterThan(10);
  await tiny.getByRole('button', { name: 'Stop the download of tiny' }).click();
  await tiny.getByText('What has arrived is kept').waitFor();
  await tiny.getByRole('button', { name: 'Go on downloading tiny' }).click();
  await tiny.getByRole('progressbar').waitFor();
  await tiny.getByRole('button', { name: 'Stop the download of tiny' }).click();
  await tiny.getByText('What has arrived is kept').waitFor();
  // It was told, and did not have to ask.
  expect(asked.filter((path) => path.startsWith('/api/models/pulls'))).toEqual([]);

  await page.getByRole('button', { name: 'Remove settings-model …' }).click();
  await page.getByRole('dialog').getByText('cannot be downloaded again').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('listitem', { name: 'settings-model' }).waitFor({ state: 'detached' });
});

test('of a model it is said whether it fits into what a recording may use, and into the memory that is free', async () => {
  const machine = await startService({ MAX_MEMORY_PER_TRANSCRIPTION: '3TB' });
  onTestFinished(() => machine.end());
  const models = join(machine.home.folder, 'cache', 'models');
  mkdirSync(models, { recursive: true });
  for (const [name, terabytes] of Object.entries({ mountain: 2, planet: 4 })) {
    const file = join(models, `ggml-${name}.bin`);
    writeGgmlModel(file, { script: [0, ' one', 1] });
    // Holes take no room on the disk.
    truncateSync(file, terabytes * 1024 ** 4);
  }
  const { page } = await visit(machine.address, '/settings/models');
  const said = (name: string) => page.getByRole('listitem', { name });
  await said('mountain')
    .getByText(/^More than the [\d.]+ [MGT]B that are free now/)
    .waitFor();
  await said('planet').getByText('More than the 3.0 TB that a recording may use.').waitFor();
  await said('planet').getByText('needs 4.0 TB of memory').waitFor();
  expect(await said('tiny').getByText('More than').count()).toBe(0);
});

test('somebody is told by a webhook, which a test proves, until they are removed', async () => {
  const ear = await receiver((n, _request, response) => void response.writeHead(n === 1 ? 500 : 204).end());
  const { page } = await visit(service.address, '/settings/notifications', {
    expectTrouble: /Failed to load resource/,
  });
  await page.getByRole('button', { name: 'Add somebody to tell' }).click();
  await page.getByLabel('Web address').fill(ear.url);
  await page.getByLabel('Secret for the signature').fill('correct horse battery staple');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const test = page.getByRole('button', { name: `Send a test to ${ear.url}` });
  await test.click();
  await page.getByText(`The test did not reach ${ear.url}.`).waitFor();
  await test.click();
  await page.getByText(`The test has reached ${ear.url}.`).waitFor();
  expect(ear.received).toHaveLength(2);
  await page.getByText('Arrived', { exact: true }).waitFor();
  await page.getByText('Not arrived', { exact: true }).waitFor();
  await page.getByRole('button', { name: `Remove ${ear.url} …` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('Nobody is told yet.').waitFor();
});

test('somebody is told by e-mail, which a test proves; what the mail server says against it is shown', async () => {
  let refuses = true;
  const refusal = Object.assign(new Error('nobody of that name'), { responseCode: 550 });
  const box = await mailbox({ onRcptTo: (_address, _session, done) => done(refuses ? refusal : null) });
  const mails = await startService({ LONGHAND_SMTP_URL: box.url, LONGHAND_MAIL_FROM: 'longhand@example.org' });
  onTestFinished(() => mails.end());
  const { page } = await visit(mails.address, '/settings/notifications');
  await page.getByRole('button', { name: 'Add somebody to tell' }).click();
  await page.getByLabel('Kind').selectOption('email');
  // A secret is for signatures, which e-mail has none of.
  await expect.poll(() => page.getByLabel('Secret for the signature').count()).toBe(0);
  await page.getByLabel('E-mail address').fill('nobody');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  // The browser says what is wrong with it; nothing was sent.
  expect(await page.getByLabel('E-mail address').evaluate((field: HTMLInputElement) => field.validity.valid)).toBe(
    false,
  );
  await page.getByLabel('E-mail address').fill('me@example.org');
  await page.getByRole('checkbox', { name: 'Everything done' }).check();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('E-mail · Done · Failed · Everything done').waitFor();
  const test = page.getByRole('button', { name: 'Send a test to me@example.org' });
  await test.click();
  await page.getByText('The test did not reach me@example.org.').waitFor();
  await page.getByText('The mail server refuses the mail (SMTP 550).').first().waitFor();
  refuses = false;
  await test.click();
  await page.getByText('The test has reached me@example.org.').waitFor();
  expect(box.mails).toMatchObject([{ from: 'longhand@example.org', to: ['me@example.org'] }]);

  await page.getByRole('button', { name: 'Change me@example.org' }).click();
  await page.getByLabel('E-mail address').fill('you@example.org');
  await page.getByRole('button', { name: 'Save', exact: true }).first().click();
  await page.getByRole('button', { name: 'Send a test to you@example.org' }).click();
  await page.getByText('The test has reached you@example.org.').waitFor();
  expect(box.mails.at(-1)).toMatchObject({ to: ['you@example.org'] });
});

test('a backup is made and told how to restore; what the disk holds is shown', async () => {
  const { page } = await visit(service.address, '/settings/backups');
  await page.getByRole('button', { name: 'Back up now' }).click();
  const made = (await page.getByText(/^Made and checked: /).textContent()) ?? '';
  const name = made.replace('Made and checked: ', '');
  await page.getByText(new RegExp(`^longhand stop && longhand db restore .*${name}`)).waitFor();
  await page.getByRole('link', { name: 'Storage' }).click();
  await page.getByText(/^Longhand takes [\d.]+ [KMG]B\.$/).waitFor();
});

test('every section can be read by everybody, on a phone too, and any setting is found and changed by its name', async () => {
  const { page } = await visit(service.address, '/settings/all');
  await page.getByRole('searchbox').fill('least level log');
  await page.getByRole('button', { name: 'Change How much is logged' }).click();
  await page.getByRole('combobox', { name: 'How much is logged' }).selectOption('DEBUG');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.', { exact: true }).waitFor();
  await page.getByRole('row').filter({ hasText: 'LONGHAND_LOG_LEVEL' }).getByText('this page').waitFor();
  for (const section of SECTIONS) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${service.address}/settings/${section}`);
    await settledDown(page);
    await expectAccessible(page);
    await page.setViewportSize({ ...PHONE, width: 360 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), section).toBeLessThanOrEqual(360);
  }
  await page.getByLabel('Section', { exact: true }).selectOption('about');
  await page.getByText('MIT', { exact: true }).waitFor();
});

test('language and colours are chosen, and kept', async () => {
  const { page } = await visit(service.address, '/settings/page', { colorScheme: 'light' });
  await page.getByLabel('Dark').check();
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
  await page.getByLabel('ไทย').check();
  await page.getByRole('heading', { level: 1, name: 'ตั้งค่า' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'ตั้งค่า' }).waitFor();
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
  expect(await page.getByLabel('มืด').isChecked()).toBe(true);
});

test('the first user locks the doors; a key works until it is ended; who may not change settings does not see them', async () => {
  const { page } = await visit(service.address, '/settings/access', { expectTrouble: UNREACHED });
  expect(await page.getByRole('button', { name: 'Make a key' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Add the first user' }).click();
  await page.getByLabel('Name').fill('mai');
  await page.getByLabel('Password').fill('seven small boats');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await signIn(page, { password: 'seven small boats' });
  await page.getByText('Signed in as mai.').waitFor();

  await page.getByRole('button', { name: 'Make a key' }).click();
  const form = card(page, 'Keys for programs');
  await form.getByLabel('Name').fill('archive');
  await form.getByLabel('May do').selectOption('read');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  const key = (await form.getByRole('status').locator('code').textContent()) ?? '';
  const ask = async () => {
    const headers = { authorization: `Bearer ${key}` };
    return (await fetch(`${service.address}/api/jobs`, { headers })).status;
  };
  expect(await ask()).toBe(200);
  await page.getByRole('button', { name: 'End the key archive …' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
  await form.getByText('There are none.').waitFor();
  expect(await ask()).toBe(401);

  await page.getByRole('button', { name: 'Add somebody' }).click();
  const people = card(page, 'People');
  await people.getByLabel('Name').fill('ton');
  await people.getByLabel('Password').fill('nine green lamps');
  await people.getByRole('button', { name: 'Add', exact: true }).click();
  await people.getByText('ton').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, { name: 'ton', password: 'nine green lamps' });
  await page.getByText('Signed in as ton.').waitFor();
  const sections = page.getByRole('navigation', { name: 'Sections of the settings' });
  await sections.getByRole('link', { name: 'Models' }).waitFor();
  expect(await sections.getByRole('link', { name: 'Health' }).count()).toBe(0);
  expect(await page.getByText('Keys for programs').count()).toBe(0);
  await page.goto(`${service.address}/settings/backups`);
  await page.getByText('There is no such section, or it is for admins alone.').waitFor();
});

/** The card of that heading. */
function card(page: Page, heading: string): Locator {
  return page.locator('section').filter({ has: page.getByRole('heading', { name: heading, exact: true }) });
}

async function signIn(page: Page, { name, password }: { name?: string; password: string }): Promise<void> {
  if (name !== undefined) await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Everything that a section asks for is there. */
async function settledDown(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await expect.poll(() => page.getByText(/^(Loading|Looking at everything)/).count(), { timeout: 20_000 }).toBe(0);
}
