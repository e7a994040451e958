/** A recording that shall not outlive its page. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { speak } from '../support/speech.ts';
import { startService, visit } from './browser.ts';

/** A page is left when it stays closed for a minute. */
const LEAVE_MS = 60_000;
const SPARE_MS = 60_000;

test('a job that is to be cancelled when its page is closed is, and the one beside it goes on', async () => {
  const service = await startService();
  await service.post('/api/queue/pause');
  const { page, context } = await visit(service.address);
  const send = async (name: string, onLeave: string) => {
    const buffer = readFileSync(await speak(`The ${onLeave} one.`));
    await page
      .getByRole('button', { name: 'More' })
      .or(page.getByRole('button', { name: 'Less' }))
      .waitFor();
    await page.getByLabel('When I close this page').selectOption({ label: onLeave });
    await page.locator('input[type=file][accept]').setInputFiles([{ name, mimeType: 'audio/wav', buffer }]);
    await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
    await page.getByRole('list', { name: 'Waiting' }).getByText(name).waitFor();
  };
  await page.getByRole('button', { name: 'More' }).click();
  await send('goes.wav', 'Cancel if I stay away for a minute');
  await send('stays.wav', 'Go on');
  await page.close();
  const statuses = async () => {
    const { jobs } = await service.get<{ jobs: { filename: string; status: string }[] }>('/api/jobs?sort=oldest');
    return Object.fromEntries(jobs.map(({ filename, status }) => [filename, status]));
  };
  expect(await statuses()).toEqual({ 'goes.wav': 'pending', 'stays.wav': 'pending' });
  await expect
    .poll(statuses, { timeout: LEAVE_MS + SPARE_MS, interval: 1_000 })
    .toEqual({ 'goes.wav': 'cancelled', 'stays.wav': 'pending' });
  const later = await context.newPage();
  await later.goto(service.address);
  await later.getByRole('list', { name: 'Stopped or failed' }).getByText('goes.wav').waitFor();
  await service.end();
}, 200_000);
