import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillWithJobs } from '../../bench/support/jobs.ts';
import { speak } from '../support/speech.ts';
import { expectAccessible } from './axe.ts';
import { PHONE, type RunningService, startService, visit } from './browser.ts';

const JOBS = 5_000;

let service: RunningService;
beforeAll(async () => {
  service = await startService();
  const texts = ['The harvest was late that year.', 'Nobody had seen the river so low.'];
  const ids = await Promise.all(texts.map(async (text) => service.upload(await speak(text))));
  for (const id of ids) await service.settled(id);
  // None of them has a recording: they are only looked at.
  await service.post('/api/queue/pause');
  await service.end();
  fillWithJobs(join(service.home.dataDir, 'longhand.db'), JOBS);
  await service.startAgain();
});
afterAll(() => service.end());

test('five thousand recordings are scrolled through, and only a screen of them is drawn', async () => {
  const { page } = await visit(service.address, '/history');
  await page.getByRole('link', { name: 'interview-4999.flac' }).waitFor();
  const furthest = () => page.locator('li[data-index]').last().getAttribute('data-index');
  while (Number(await furthest()) < 450) await page.mouse.wheel(0, 2000);
  expect(await page.getByRole('listitem').count()).toBeLessThan(60);
  await expectAccessible(page);
});

test('a search and filters stand in the address, and can be taken back', async () => {
  const { page } = await visit(service.address, '/history');
  await page.getByRole('searchbox').fill('interview-123.flac');
  await page.getByRole('link', { name: 'interview-123.flac' }).waitFor();
  await expect.poll(() => page.url()).toContain('q=interview-123.flac');
  await expect.poll(() => page.getByRole('article').count()).toBe(1);
  await page.reload();
  await page.getByRole('link', { name: 'interview-123.flac' }).waitFor();
  await page.getByRole('searchbox').fill('no such recording');
  await page.getByText('Nothing matches.').waitFor();
  await page.getByRole('main').getByRole('button', { name: 'Clear the filters' }).first().click();
  await page.locator('label', { hasText: 'Failed' }).click();
  await page.getByText('Failed').nth(1).waitFor();
  await expect.poll(() => page.url()).toContain('status=failed');
  expect(await page.locator('[data-status=completed]').count()).toBe(0);
});

test('many are ticked with the keyboard alone and given up, and what became of them is said', async () => {
  const { page } = await visit(service.address, '/history?status=paused&sort=oldest');
  const first = page.getByRole('checkbox', { name: /^Select interview-/ }).first();
  await first.focus();
  await page.keyboard.press('Space');
  const href = await page.getByRole('article').first().getByRole('link').first().getAttribute('href');
  await page.getByRole('button', { name: 'Cancel' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Done with 1 recording.').waitFor();
  expect(await service.get(`/api${href}`)).toMatchObject({ status: 'cancelled' });
});

test('all that match are deleted, once somebody has said so', async () => {
  const { page } = await visit(service.address, '/history?status=cancelled');
  await page
    .getByRole('checkbox', { name: /^Select / })
    .first()
    .check();
  await page.getByRole('button', { name: 'Select all that match' }).click();
  await page.getByRole('button', { name: 'Delete …' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText(/^Done with 50\d recordings\.$/).waitFor();
  await page.getByText('Nothing matches.').waitFor();
});

test('the texts of several are saved as one archive, and those that are gone are named', async () => {
  const { page } = await visit(service.address, '/history?status=completed&q=speech-', { expectTrouble: /507/ });
  const boxes = page.getByRole('checkbox', { name: /^Select / });
  await boxes.nth(1).waitFor();
  await boxes.nth(0).click();
  await boxes.nth(1).click({ modifiers: ['Shift'] });
  await page.getByText('2 selected').waitFor();
  await page.getByRole('button', { name: 'Export' }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: /txt/ }).click();
  expect((await saved).suggestedFilename()).toBe('longhand-txt.zip');
  await page.getByText('Saved the text of 2 recordings.').waitFor();

  // These rows came into the database without a file.
  await page.goto(`${service.address}/history?status=completed&sort=oldest`);
  await boxes.nth(0).click();
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: /txt/ }).click();
  await page.getByText('Saved the text of 0 recordings.').waitFor();
  await page.getByText(/^1 not: /).waitFor();
});

test('one that is worked on shows how far it is, leads to its monitor, and is there in Thai on a phone', async () => {
  await service.upload(await speak('The harvest was late that year. '.repeat(12)), { priority: '50' });
  await service.post('/api/queue/resume');
  const { page } = await visit(service.address, '/history', { locale: 'th-TH', viewport: PHONE, hasTouch: true });
  await page.getByRole('heading', { level: 1, name: 'ประวัติ' }).waitFor();
  await page.getByRole('progressbar').first().waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  await page.getByRole('link', { name: 'ติดตาม' }).first().click();
  await expect.poll(() => page.url()).toMatch(/\/jobs\/\d+$/);
});
