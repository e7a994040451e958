import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PHONE, type RunningService, startService, visit } from './browser.ts';

let service: RunningService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.end());

test('the page comes from the service, under a strict policy, at a desk and on a phone', async () => {
  const { page } = await visit(service.address);
  await page.getByRole('heading', { level: 1, name: 'Transcribe' }).waitFor();
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByRole('heading', { level: 1, name: 'History' }).waitFor();
  expect(page.url()).toBe(`${service.address}/history`);
  const response = await page.reload();
  expect(response?.headers()['content-security-policy']).toMatch(/default-src 'self'; style-src 'self' 'nonce-/);
  await page.setViewportSize(PHONE);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
});

test('who reads Thai loads the sentences in Thai alone, and sees no others for a moment', async () => {
  const { page, context } = await visit('about:blank', '', { locale: 'th-TH' });
  await context.addInitScript(`
    window.said = new Set();
    const note = () => {
      const texts = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) said.add(texts.currentNode.data);
    };
    new MutationObserver(note).observe(document, { childList: true, subtree: true, characterData: true });
  `);
  await page.goto(`${service.address}/`);
  await page.getByRole('heading', { level: 1, name: 'ถอดเสียง' }).waitFor();
  await page.getByRole('link', { name: 'ประวัติ' }).click();
  await page.getByRole('heading', { level: 1, name: 'ประวัติ' }).waitFor();
  const loaded = await sentencesLoaded(page);
  expect(loaded).not.toEqual([]);
  expect(loaded.filter((name) => name.includes('.en-'))).toEqual([]);
  const said = (await page.evaluate('[...said]')) as string[];
  expect(said).toContain('ถอดเสียง');
  for (const english of ['Transcribe', 'History', 'Loading …']) expect(said).not.toContain(english);
});

test('another language is shown when all of its sentences are there; of two that are chosen the later one is', async () => {
  const { page } = await visit(service.address);
  await page.getByRole('heading', { level: 1, name: 'Transcribe' }).waitFor();
  expect((await sentencesLoaded(page)).filter((name) => name.includes('.th-'))).toEqual([]);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('link', { name: 'Language and colours' }).click();
  const held: Route[] = [];
  await page.route(/\.th-.*\.js$/, (route) => void held.push(route));
  await page.evaluate('window.isSamePage = true');
  await page.getByLabel('ไทย').check();
  await page.getByLabel('English').check();
  await expect.poll(() => held.length).toBeGreaterThan(1);
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Settings');
  await Promise.all(held.map((route) => route.continue()));
  await page.unroute(/\.th-.*\.js$/);
  // The same files again: they are there after those who asked first have them.
  await page.evaluate(
    `Promise.all(${JSON.stringify(held.map((route) => route.request().url()))}.map((file) => import(file)))`,
  );
  expect(await page.evaluate('document.documentElement.lang')).toBe('en');
  await page.getByLabel('ไทย').check();
  await page.getByRole('heading', { level: 1, name: 'ตั้งค่า' }).waitFor();
  // What was open before says it too, and nothing was loaded anew for that.
  await page.getByRole('link', { name: 'ถอดเสียง' }).click();
  await page.getByRole('heading', { level: 1, name: 'ถอดเสียง' }).waitFor();
  expect(await page.evaluate('isSamePage')).toBe(true);
});

test('sentences that cannot be loaded leave the language as it was, and that is said', async () => {
  const { page } = await visit(service.address, '/settings/page', { expectTrouble: /Failed to load resource/ });
  await page.route(/\.th-.*\.js$/, (route) => route.abort());
  await page.getByLabel('ไทย').click();
  await page.getByRole('alert').getByText('could not be loaded').waitFor();
  expect(await page.getByLabel('English').isChecked()).toBe(true);
  expect(await page.evaluate(() => [document.documentElement.lang, localStorage.getItem('longhand.language')])).toEqual(
    ['en', null],
  );
});

/** Which files with sentences the page has loaded. */
async function sentencesLoaded(page: Page): Promise<string[]> {
  const all = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  return all.filter((name) => /\.(en|th)-[^/]*\.js$/.test(name));
}
