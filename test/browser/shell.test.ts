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
