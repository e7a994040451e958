/**
 * `npm run screenshots`: every page as people see it, at a desk and on a phone, in light and in dark, with a real service that
 * works on real speech. They land in `screenshots/`, to be looked at.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';
import { DESK, PHONE, type RunningService, startService, theBrowser } from './browser.ts';

const FOLDER = join(PACKAGE_ROOT, 'screenshots');
const SIZES = { desk: DESK, phone: PHONE };
const STORY =
  'We moved to the valley when I was nine years old. My father had found work at the station, and there was a house ' +
  'beside the line with a garden down to the river. In the first winter there was so much snow that no train could leave. ' +
  'We made coffee for everybody, and the passengers stayed with us until the morning. ';

let service: RunningService;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  service = await startService();
});
afterAll(() => service.end());

/** Takes the page at an address in both sizes and both themes. `ready` resolves when it shows what it should. */
async function take(name: string, address: string, ready: (page: Page) => Promise<unknown>): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await (await theBrowser()).newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      await page.goto(`${service.address}${address}`);
      await ready(page);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: join(FOLDER, `${name}-${size}-${colorScheme}.png`) });
      await context.close();
    }
  }
}

/** Speech of about 15 s, so many times. @returns the number of its job */
async function handIn(name: string, times: number): Promise<number> {
  const file = scratchPath(name);
  copyFileSync(await speak(STORY.repeat(times)), file);
  return await service.upload(file);
}

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).first().waitFor();

test('nothing yet', async () => {
  await take('transcribe-empty', '/', heading);
  await take('history-empty', '/history', heading);
});

test('a finished recording', async () => {
  const interview = await service.post<{ id: number }>('/api/sample');
  await service.settled(interview.id);
  await take('transcript', `/jobs/${interview.id}`, async (page) => {
    await page.getByText('welcome to the program').first().waitFor();
    await page.locator('canvas').first().waitFor();
  });
  await take('job-done', `/jobs/${interview.id}?view=job`, heading);
});

test('work', async () => {
  const hearing = await handIn('Hearing, first day.wav', 12);
  await handIn('Interview with the station master.wav', 8);
  await handIn('Lecture 4.wav', 5);
  await handIn('Meeting of the board.wav', 3);
  const bar = (page: Page) => page.getByRole('main').getByRole('progressbar').first().waitFor();
  await take('job-running', `/jobs/${hearing}`, bar);
  await take('transcribe', '/', bar);
  await take('history', '/history', bar);
});

test('settings', async () => {
  await take('settings', '/settings', heading);
  for (const section of ['models', 'defaults', 'notifications', 'access', 'storage']) {
    await take(`settings-${section}`, `/settings/${section}`, heading);
  }
});
