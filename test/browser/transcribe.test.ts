/** The first page: recordings come in, and what becomes of them is seen. */
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BrowserContext, Locator, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { scratchPath } from '../support/scratch.ts';
import { HeldModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';
import { expectAccessible } from './axe.ts';
import { PHONE, type RunningService, startService, UNREACHED, visit } from './browser.ts';

const MOST_SCRIPT_BYTES = 130_000;
/** One chunk, and two. */
const SHORT = 'Good morning, it is a great pleasure to be here with you today.';
const LONG =
  `${SHORT} We are going to speak about the old railroad station and the people who work there every day. `.repeat(3);
/** Slow enough that there is time to do something meanwhile. */
const SLOW_BYTES_PER_SECOND = 40_000;
/** Less than a recording. */
const SMALL_ROOM_BYTES = 200_000;
const PASSWORD = 'a long word that nobody guesses';

interface Queue {
  running: { id: number; filename: string }[];
  waiting: { id: number; filename: string }[];
}

interface Jobs {
  jobs: { id: number; filename: string; status: string; priority: number }[];
}

let service: RunningService;
const held = new HeldModel();
beforeAll(async () => {
  service = await startService(await held.env());
});
afterAll(async () => {
  await service.end();
});

/** Drops a file as somebody does who drags it from the desk. */
async function drop(page: Page, name: string, path: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName = '', content = '']) => {
      const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
      const carried = new DataTransfer();
      carried.items.add(new File([bytes], fileName, { type: 'audio/wav', lastModified: 1_700_000_000_000 }));
      return carried;
    },
    [name, readFileSync(path).toString('base64')],
  );
  const zone = page.locator('[data-drop-zone]');
  for (const type of ['dragenter', 'dragover', 'drop']) await zone.dispatchEvent(type, { dataTransfer: transfer });
  await page.getByRole('list', { name: 'Chosen recordings' }).getByText(name).waitFor();
}

async function choose(page: Page, files: { name: string; content: Buffer; type?: string }[]): Promise<void> {
  const given = files.map(({ name, content, type = 'audio/wav' }) => ({ name, mimeType: type, buffer: content }));
  await page.locator('input[type=file][accept]').setInputFiles(given);
}

async function sendSpeech(page: Page, texts: Record<string, string>): Promise<void> {
  const files = Object.entries(texts).map(async ([name, text]) => ({ name, content: readFileSync(await speak(text)) }));
  await choose(page, await Promise.all(files));
  await page.getByRole('button', { name: /^Transcribe/ }).click();
}

function entry(page: Page, list: string, name: string): Locator {
  return page.getByRole('list', { name: list, exact: true }).getByRole('listitem').filter({ hasText: name });
}

/** A recording is in the list of those that are done. */
async function isDone(page: Page, name: string): Promise<void> {
  await entry(page, 'Recently done', name).waitFor({ timeout: 120_000 });
}

/** The line of a page: slow, and as it was; and the room on the disk of its browser. */
async function lineOf(page: Page, context: BrowserContext) {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const be = async (uploadThroughput: number) => {
    await session.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput },
    });
  };
  const leaveRoom = async (quotaSize: number) => {
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize });
  };
  return { slow: () => be(SLOW_BYTES_PER_SECOND), free: () => be(-1), leaveRoom };
}

async function addUser({ home }: RunningService, name: string): Promise<void> {
  const adding = home.start(['users', 'add', name]);
  adding.child.stdin?.end(`${PASSWORD}\n`);
  expect(await adding.finished).toMatchObject({ code: 0 });
}

async function jobsNamed(name: string): Promise<Jobs['jobs']> {
  const { jobs } = await service.get<Jobs>('/api/jobs');
  return jobs.filter(({ filename }) => filename === name);
}

test('a newcomer is told what this is, and sees the sample become text by one click', async () => {
  const { page } = await visit(service.address);
  await page.getByText('Longhand turns recordings into text on your own machine').waitFor();
  await page.getByText('PocketSphinx, model en-us').waitFor();
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .flatMap(({ name }) => (name.endsWith('.js') ? new URL(name).pathname : [])),
  );
  const built = join(PACKAGE_ROOT, 'dist/web');
  const bytes = scripts.map((path) =>
    path.startsWith('/assets/')
      ? statSync(join(built, `${path}.gz`)).size
      : gzipSync(readFileSync(join(built, path))).length,
  );
  expect(scripts.length).toBeGreaterThan(1);
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(MOST_SCRIPT_BYTES);
  await expectAccessible(page);

  held.holdFrom(3);
  await page.getByRole('button', { name: 'Try the sample' }).click();
  const running = entry(page, 'In work', 'interview.flac');
  await running.getByText(/\d % complete/).waitFor();
  await running.getByText(/remaining/).waitFor({ timeout: 60_000 });
  await running.getByRole('button', { name: 'Stop interview.flac' }).click();
  await entry(page, 'Stopped or failed', 'interview.flac').getByText('What was done is kept').waitFor();
  held.release();
  await expectAccessible(page);
});

test('speech that was dropped is text when its sender comes back, who had left', async () => {
  const { page, context } = await visit(service.address);
  await drop(page, 'left-alone.wav', await speak(SHORT));
  await page.getByText(/about \d+ s of work/).waitFor();
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await page.getByRole('link', { name: 'left-alone.wav' }).first().waitFor();
  await page.close();
  const again = await context.newPage();
  await again.goto(service.address);
  await isDone(again, 'left-alone.wav');
  const [job] = await jobsNamed('left-alone.wav');
  const text = await (await fetch(`${service.address}/api/jobs/${job?.id}/transcript`)).text();
  expect(text).toMatch(/pleasure to be here with you/i);
  await entry(again, 'Recently done', 'left-alone.wav').getByRole('link').click();
  await again.waitForURL(`${service.address}/jobs/${job?.id}`);
});

test('of three at once one is stopped, and the others are done', async () => {
  const { page } = await visit(service.address);
  held.holdFrom(1);
  await sendSpeech(page, { 'one.wav': `One. ${SHORT}`, 'two.wav': `Two. ${LONG}`, 'three.wav': `Three. ${SHORT}` });
  await page.getByRole('button', { name: /^(Stop|Cancel) two\.wav$/ }).click();
  await entry(page, 'Stopped or failed', 'two.wav').getByRole('button', { name: 'Go on with two.wav' }).waitFor();
  held.release();
  await isDone(page, 'one.wav');
  await isDone(page, 'three.wav');
  expect(await jobsNamed('two.wav')).toMatchObject([{ status: 'cancelled' }]);
});

test('a job rests when it is paused, and goes on from there', async () => {
  const { page } = await visit(service.address);
  held.holdFrom(1);
  await sendSpeech(page, { 'rests.wav': `Rest. ${LONG}` });
  await page.getByRole('button', { name: 'Pause rests.wav' }).click();
  const resting = entry(page, 'Waiting', 'rests.wav');
  await resting.getByText('Paused. It goes on where it was.').waitFor({ timeout: 60_000 });
  expect(await jobsNamed('rests.wav')).toMatchObject([{ status: 'paused' }]);
  held.release();
  await resting.getByRole('button', { name: 'Go on with rests.wav' }).click();
  await isDone(page, 'rests.wav');
});

test('an upload goes on where it was when the page is loaded anew, and becomes one job', async () => {
  const { page, context } = await visit(service.address);
  const line = await lineOf(page, context);
  await line.slow();
  await sendSpeech(page, { 'reloaded.wav': `Reload. ${LONG}` });
  const row = entry(page, 'Sending', 'reloaded.wav');
  await row.getByText(/[1-9]\d* % of/).waitFor();
  await page.locator('[data-kept=true]').waitFor();
  await page.getByRole('link', { name: 'History', exact: true }).click();
  await page.reload();
  await page.getByRole('link', { name: 'Transcribe' }).click();
  const bar = row.getByRole('progressbar');
  // Not from its beginning.
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(0);
  await line.free();
  await isDone(page, 'reloaded.wav');
  expect(await jobsNamed('reloaded.wav')).toHaveLength(1);
});

test('a recording for which the browser has no room is chosen again after a reload, and goes on where it was', async () => {
  const { page, context } = await visit(service.address);
  const path = scratchPath('roomless.wav');
  copyFileSync(await speak(`No room. ${LONG}`), path);
  const other = scratchPath('other.wav');
  copyFileSync(await speak(`Another one. ${SHORT}`), other);
  const line = await lineOf(page, context);
  await line.slow();
  // As for a file that is too large for any browser: what is noted of it fits, the sound does not.
  await line.leaveRoom(SMALL_ROOM_BYTES);
  await page.locator('input[type=file][accept]').setInputFiles(path);
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  const row = entry(page, 'Sending', 'roomless.wav');
  await row.getByText(/[1-9]\d* % of/).waitFor();
  await row.getByText('the file must be chosen again').waitFor();
  await page.reload();
  await row.getByText('The browser does not have this file any more.').waitFor();
  const again = async (chosen: string) => {
    const chooser = page.waitForEvent('filechooser');
    await row.getByRole('button', { name: 'Choose the file again' }).click();
    await (await chooser).setFiles(chosen);
  };
  await again(other);
  await row.getByText('That is another file.').waitFor();
  await expectAccessible(page);
  await again(path);
  // Not from its beginning.
  const bar = row.getByRole('progressbar');
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(0);
  await line.free();
  await isDone(page, 'roomless.wav');
  expect(await jobsNamed('roomless.wav')).toHaveLength(1);
});

test('an upload goes on by itself when its connection broke, and the service was gone for a while', async () => {
  const { page, context } = await visit(service.address, '/', { expectTrouble: UNREACHED });
  const line = await lineOf(page, context);
  await line.slow();
  await sendSpeech(page, { 'cut-off.wav': `Cut off. ${LONG}` });
  const row = entry(page, 'Sending', 'cut-off.wav');
  await row.getByText(/[1-9]\d* % of/).waitFor();
  await service.end('SIGKILL');
  await row.getByText('Waiting for the connection').waitFor();
  await service.startAgain();
  await line.free();
  await isDone(page, 'cut-off.wav');
  expect(await jobsNamed('cut-off.wav')).toHaveLength(1);
});

test('what cannot be sent says why at its row, and what is known leads to its text', async () => {
  const { page } = await visit(service.address);
  await choose(page, [
    { name: 'notes.txt', content: Buffer.from('no sound'), type: 'text/plain' },
    { name: 'nothing.wav', content: Buffer.alloc(0) },
  ]);
  await entry(page, 'Chosen recordings', 'notes.txt').getByText('This is not a recording.').waitFor();
  await entry(page, 'Chosen recordings', 'nothing.wav').getByText('This file is empty.').waitFor();
  expect(await page.getByRole('button', { name: 'Transcribe' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Clear' }).click();

  await sendSpeech(page, { 'same.wav': SHORT });
  const known = entry(page, 'Sending', 'same.wav');
  await known.getByText('This recording was transcribed before.').waitFor();
  const [before] = await jobsNamed('left-alone.wav');
  await known.getByRole('link', { name: `Open job ${before?.id}` }).waitFor();
  await expectAccessible(page);
  await known.getByRole('button', { name: 'Transcribe again' }).click();
  await isDone(page, 'same.wav');

  await choose(page, [{ name: 'broken.mp3', content: Buffer.from('this is no sound at all'), type: 'audio/mpeg' }]);
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  const failed = entry(page, 'Stopped or failed', 'broken.mp3');
  await failed.getByText(/Transcription failed: .*broken\.mp3/).waitFor();
  await failed.getByRole('button', { name: 'Retry broken.mp3' }).waitFor();

  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text', 'https://example.org/talk.mp3');
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  });
  const answer = page.getByText('Links cannot be transcribed yet.');
  await answer.waitFor();
  await page.reload();
  await page.getByText('Drop recordings').waitFor();
  expect(await answer.count()).toBe(0);
  // As from the bar of addresses, or from another window.
  await page.evaluate(() => {
    const link = Object.assign(document.createElement('a'), {
      href: 'https://example.org/talk.mp3',
      textContent: 'Talk',
    });
    document.querySelector('main')?.prepend(link);
  });
  await page.getByRole('link', { name: 'Talk' }).dragTo(page.locator('[data-drop-zone]'));
  await answer.waitFor();
  expect(new URL(page.url()).pathname).toBe('/');
});

test('the queue is paused and put into another order, by mouse, by finger and by keyboard', async () => {
  const { page } = await visit(service.address);
  held.holdFrom(1);
  await sendSpeech(page, { 'first.wav': `First of all. ${LONG}` });
  await page.getByRole('button', { name: 'Pause the queue' }).click();
  const dialog = page.getByRole('dialog', { name: 'Pause the queue' });
  await dialog.getByLabel('Why').fill('a backup');
  await dialog.getByLabel('Pause what is in work, too').check();
  await dialog.getByRole('button', { name: 'Pause the queue' }).click();
  await page.getByText('The queue is paused: a backup').waitFor();
  for (const name of ['b.wav', 'c.wav', 'd.wav']) {
    await sendSpeech(page, { [name]: `${name[0]}. ${SHORT}` });
    await entry(page, 'Waiting', name).waitFor();
  }
  await page.getByText('waits until the queue goes on').waitFor();
  const order = async () => {
    const { waiting } = await service.get<Queue>('/api/queue');
    return waiting
      .map(({ filename }) => filename)
      .filter((name) => /^[bcd]\.wav$/.test(name))
      .join(' ');
  };
  const handle = (name: string) => page.getByRole('button', { name: `Move ${name}` });
  expect(await order()).toBe('b.wav c.wav d.wav');

  await handle('d.wav').hover();
  await page.mouse.down();
  const target = await handle('b.wav').boundingBox();
  if (!target) throw new Error('There is no handle.');
  await page.mouse.move(target.x + 5, target.y + 5, { steps: 12 });
  await page.mouse.up();
  await expect.poll(order).toBe('d.wav b.wav c.wav');
  await expect.poll(() => shownOrder(page)).toBe('d.wav b.wav c.wav');

  await moveByFinger(page, handle('c.wav'), handle('d.wav'));
  await expect.poll(order).toBe('c.wav d.wav b.wav');
  await moveByFinger(page, handle('c.wav'), handle('b.wav'));
  await expect.poll(order).toBe('d.wav b.wav c.wav');
  await expect.poll(() => shownOrder(page)).toBe('d.wav b.wav c.wav');

  await handle('b.wav').focus();
  await page.keyboard.press('Space');
  await page.getByText('b.wav is now at place 2.').waitFor({ state: 'attached' });
  await page.keyboard.press('ArrowDown');
  await page.getByText('b.wav is now at place 3.').waitFor({ state: 'attached' });
  await page.keyboard.press('Space');
  await expect.poll(order).toBe('d.wav c.wav b.wav');
  await expectAccessible(page);

  await page.setViewportSize({ ...PHONE, width: 360 });
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(tooWide).toBeLessThanOrEqual(0);
  for (const name of ['b.wav', 'c.wav', 'd.wav']) await page.getByRole('button', { name: `Cancel ${name}` }).click();
  held.release();
  await page.getByRole('button', { name: 'Resume the queue' }).click();
  await isDone(page, 'first.wav');
});

test('rows that wait can be used before their handles are there, and stay the same rows when these come', async () => {
  await service.post('/api/queue/pause');
  // Not what an earlier test handed in: that would be known, and wait for nothing.
  const spoken = await Promise.all(['Five', 'Six'].map((number) => speak(`${number}. ${SHORT}`)));
  const ids = [await service.upload(spoken[0] as string), await service.upload(spoken[1] as string)];
  const { page } = await visit(service.address, '/history', { expectTrouble: /Failed to load resource/ });
  const asked: Route[] = [];
  await page.route(/SortHandles-.*\.js$/, (route) => void asked.push(route));
  await page.getByRole('link', { name: 'Transcribe', exact: true }).click();
  const list = page.getByRole('list', { name: 'Waiting', exact: true });
  const cancel = list.getByRole('button', { name: /^Cancel / }).first();
  await cancel.focus();
  await expect.poll(() => asked.length).toBe(1);
  expect(await list.getByRole('button', { name: /^Move / }).count()).toBe(0);
  // It is asked for again by itself.
  await asked[0]?.abort();
  await expect.poll(() => asked.length).toBe(2);
  await asked[1]?.continue();
  await expect.poll(() => list.getByRole('button', { name: /^Move / }).count()).toBe(2);
  expect(await cancel.evaluate((button) => button === document.activeElement)).toBe(true);
  await list
    .getByRole('button', { name: /^Move / })
    .last()
    .focus();
  await page.keyboard.press('Space');
  await page.getByText('is now at place 2.').waitFor({ state: 'attached' });
  await page.keyboard.press('ArrowUp');
  await page.getByText('is now at place 1.').waitFor({ state: 'attached' });
  await page.keyboard.press('Space');
  const order = async () => (await service.get<Queue>('/api/queue')).waiting.map(({ id }) => id);
  await expect.poll(order).toEqual([...ids].reverse());
  for (const id of ids) await service.post(`/api/jobs/${id}/cancel`);
  await service.post('/api/queue/resume');
});

/** Drags with a finger, as the browser itself sees one: what it takes for scrolling it takes away from the page. */
async function moveByFinger(page: Page, from: Locator, to: Locator): Promise<void> {
  await from.scrollIntoViewIfNeeded();
  const [start, end] = [await from.boundingBox(), await to.boundingBox()];
  if (!start || !end) throw new Error('There is no handle.');
  const middle = ({ x, y, width, height }: typeof start) => ({ x: x + width / 2, y: y + height / 2 });
  const [a, b] = [middle(start), middle(end)];
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: { x: number; y: number }) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [at] : [] });
  await touch('touchStart', a);
  const STEPS = 12;
  for (let step = 1; step <= STEPS; step += 1) {
    const share = step / STEPS;
    await touch('touchMove', { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share });
  }
  await touch('touchEnd');
  await session.detach();
}

/** Of those that wait, as somebody sees them from top to bottom. */
async function shownOrder(page: Page): Promise<string> {
  const names = await page.getByRole('list', { name: 'Waiting', exact: true }).getByRole('link').allTextContents();
  return names.filter((name) => /^[bcd]\.wav$/.test(name)).join(' ');
}

/** So many seconds at least: a busy machine may show none of them for a whole second. */
const TIME_FROM = { 1: /^0:(0[1-9]|[1-5]\d)$/, 2: /^0:(0[2-9]|[1-5]\d)$/ };

test('what is recorded with the microphone is kept over a crash of the page, listened to, and sent', async () => {
  const { page } = await visit(service.address);
  const record = page.getByRole('button', { name: 'Record', exact: true });
  await record.click();
  await page.getByText('Recording', { exact: true }).waitFor();
  await page.getByText(TIME_FROM[2]).waitFor();
  await expectAccessible(page);
  await page.reload();
  const drafts = page.getByRole('region', { name: 'Not sent yet' });
  await drafts.getByText(/Recording of .*, 0:(0[1-9]|[1-5]\d)/).waitFor();
  await drafts.getByRole('button', { name: 'Throw away' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Throw away' }).click();
  await drafts.waitFor({ state: 'detached' });

  await record.click();
  await page.getByText(TIME_FROM[1]).waitFor();
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByText('Paused', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Go on', exact: true }).click();
  await page.getByText(TIME_FROM[2]).waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  const player = page.locator('audio');
  await player.evaluate((sound: HTMLAudioElement) => sound.play());
  await page.getByRole('button', { name: 'Use this recording' }).click();
  await page.getByText(/^Recording \d{4}-\d\d-\d\d .*\.webm$/).waitFor();
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await isDone(page, 'Recording 20');
});

test('it is all there in Thai', async () => {
  const { page } = await visit(service.address, '/', { locale: 'th-TH', viewport: PHONE });
  await page.getByRole('heading', { level: 1, name: 'ถอดเสียง' }).waitFor();
  await page.getByRole('button', { name: 'เพิ่มเติม' }).click();
  await page.getByLabel('เมื่อฉันปิดหน้านี้').waitFor();
  const said = await page.getByRole('main').locator('p, button, h2, label, option').allTextContents();
  // Names of files, of engines and what the service says stay as they are.
  const isOurs = (text: string) => !/\.(wav|flac|mp3|webm)|longhand|PocketSphinx|Whisper|server/i.test(text);
  expect(said.filter((text) => isOurs(text) && /[a-z]{3,} [a-z]{3,}/i.test(text))).toEqual([]);
  await expectAccessible(page);
});

test("an upload waits for its sender to sign in again, and is sent in nobody else's name", async () => {
  const locked = await startService();
  await addUser(locked, 'anna');
  await addUser(locked, 'ben');
  const { page, context } = await visit(locked.address, '/', { expectTrouble: UNREACHED });
  const signIn = async (name: string) => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Transcribe' }).waitFor();
  };
  await signIn('anna');
  const line = await lineOf(page, context);
  await line.slow();
  await sendSpeech(page, { 'hers.wav': SHORT });
  await entry(page, 'Sending', 'hers.wav')
    .getByText(/[1-9]\d* % of/)
    .waitFor();
  await page.locator('[data-kept=true]').waitFor();
  await context.clearCookies();
  await page.reload();
  await line.free();
  await signIn('ben');
  await page.getByText('Longhand turns recordings into text').waitFor();
  await context.clearCookies();
  await page.reload();
  await signIn('anna');
  await isDone(page, 'hers.wav');
  await locked.end();
});

test('without an engine it says what is missing, and a model is downloaded from here', async () => {
  const bare = await startService({ LONGHAND_ENGINE: 'whisper' });
  // Behind the page, which would miss it.
  onTestFinished(() => bare.end());
  const { page } = await visit(bare.address);
  await page.getByRole('heading', { name: 'Longhand has no speech recogniser yet' }).waitFor();
  await page.getByText('No speech recogniser can do this yet').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: /^Install the model base/ }).click();
  // Nobody listens where the models come from: it says so, and is stopped.
  await page.getByRole('progressbar', { name: 'Downloading the model base' }).waitFor();
  await page.getByText('It is tried again by itself.').waitFor();
  await page.getByRole('button', { name: 'Stop the download' }).click();
  await page.getByRole('button', { name: /^Install the model base/ }).waitFor();
});
