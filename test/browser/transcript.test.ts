import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Transcript } from '../../src/transcript/transcript.ts';
import { speak } from '../support/speech.ts';
import { expectAccessible } from './axe.ts';
import { PHONE, type RunningService, startService, visit } from './browser.ts';

const SPEECH = 'The harvest was late that year. Nobody had seen the river so low. The old mill stood empty.';
const SEGMENTS = 3_000;
const WORDS = 10;

let service: RunningService;
/** A recording that is read and changed, one in Thai, and one of three hours. */
let job: number;
let thai: number;
let long: number;
/** One whose passages are cut and joined. */
let cut: number;

beforeAll(async () => {
  service = await startService();
  job = await service.upload(await speak(SPEECH));
  thai = await service.upload(await speak('Good morning.'));
  long = await service.upload(await speak('Good evening to all of you.'));
  cut = await service.upload(await speak(`${SPEECH} So they went.`));
  for (const id of [job, thai, long, cut]) await service.settled(id);
  await put(thai, 1, thaiSegments(), { a: 'สมชาย' });
  await put(long, 1, longSegments());
});
afterAll(() => service.end());

test('a word that is clicked is gone to, and while it plays the spoken word is marked', async () => {
  const { page } = await visit(service.address, `/jobs/${job}`);
  const { segments } = await transcriptOf(job);
  const [{ words }] = segments.slice(-1) as [Transcript['segments'][number]];
  const text = page.locator('[data-segment]').last();
  await page.getByRole('slider', { name: 'Place in the recording' }).waitFor();
  // The end of its line: the last word.
  await text.click({ position: await lastLetterOf(text) });
  await expect.poll(() => secondsOf(page)).toBeCloseTo(words.at(-1)!.startMs / 1000, 2);
  await expect.poll(() => marked(page, 'spoken')).toEqual([words.at(-1)!.text]);
  await page.getByRole('button', { name: /^Go to 0:00/ }).click();
  await page.keyboard.press('Escape');
  await text.focus();
  const spoken = await everySpoken(page);
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: /^Pause/ }).waitFor();
  await expect.poll(async () => (await spoken()).length).toBeGreaterThanOrEqual(3);
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: /^Play/ }).waitFor();
  // Some of the words in their order: a busy machine draws no frame for a short one.
  const all = segments.flatMap((segment) => segment.words.map((word) => word.text));
  let from = 0;
  for (const heard of await spoken()) {
    const at = all.indexOf(heard, from);
    expect(at, heard).toBeGreaterThanOrEqual(from);
    from = at + 1;
  }
  const before = await secondsOf(page);
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => secondsOf(page)).toBeGreaterThan(before + 2.5);
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('2');
  expect(await page.evaluate(() => document.querySelector('audio')?.playbackRate)).toBe(2);
  await expectAccessible(page);
});

test('words that the engine was not sure of are marked as long as one wants', async () => {
  const { page } = await visit(service.address, `/jobs/${long}`);
  await page.locator('[data-segment="0"]').waitFor();
  await expect.poll(async () => (await marked(page, 'unsure')).length).toBeGreaterThan(0);
  await page.getByRole('button', { name: /^Mark 2,308 unsure words/ }).click();
  await expect.poll(() => marked(page, 'unsure')).toEqual([]);
});

test('a passage is put right by keyboard, taken back, saved, compared and fetched back', async () => {
  const { page } = await visit(service.address, `/jobs/${job}`);
  const first = page.locator('[data-segment="0"]');
  const heard = await first.textContent();
  await first.focus();
  await page.keyboard.press('F2');
  await page.getByText('Enter: done').waitFor();
  await page.keyboard.press('End');
  await page.keyboard.type(' indeed');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: /^Pause/ }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Not saved yet').waitFor();
  await page.keyboard.press('Control+z');
  await expect.poll(() => first.textContent()).toBe(heard);
  await page.keyboard.press('Control+Shift+Z');
  await expect.poll(() => first.textContent()).toBe(`${heard} indeed`);

  // What is not saved is not left behind without a question.
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay here' }).click();

  await page.keyboard.press('Control+s');
  await page.getByText('Saved as version 2').waitFor();
  expect((await transcriptOf(job)).segments[0]!.text).toBe(`${heard} indeed`);
  await page.reload();
  await page.getByText(/Version 2$/).waitFor();
  await page.getByText(`${heard} indeed`).waitFor();

  await page.getByRole('button', { name: 'Versions' }).click();
  const panel = page.getByRole('complementary', { name: 'Versions' });
  await panel.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect.poll(() => panel.getByRole('insertion').textContent()).toContain('indeed');
  await expectAccessible(page);
  await panel.getByRole('button', { name: 'Fetch back version 1' }).click();
  await panel.getByText('Version 1 is back, as version 3.').waitFor();
  await expect.poll(() => first.textContent()).toBe(heard);
});

test('a passage is cut in two at the caret, joined again, and taken back; what is saved keeps the times of its words', async () => {
  const { page } = await visit(service.address, `/jobs/${cut}`);
  const passages = page.locator('[data-segment]');
  const texts = () => passages.allTextContents();
  const { segments: before } = await transcriptOf(cut);
  const { number } = await newest(cut);
  const [first] = before as [Transcript['segments'][number]];
  const whole = before.map(({ text }) => text);
  const edge = first.words[0]!.text.length;
  const parts = [first.text.slice(0, edge), first.text.slice(edge + 1), ...whole.slice(1)];
  await passages.first().focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Home');
  for (let letter = 0; letter < edge; letter += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect.poll(texts).toEqual(parts);
  // The second part is in hand, from its beginning.
  await expect.poll(() => page.locator('[contenteditable]').textContent()).toBe(parts[1]);
  await expectAccessible(page);
  await page.keyboard.press('Backspace');
  await expect.poll(texts).toEqual(whole);
  await page.keyboard.type('and ');
  await page.keyboard.press('F2');
  await expect.poll(texts).toEqual([`${parts[0]} and ${parts[1]}`, ...whole.slice(1)]);
  for (const expected of [whole, parts, whole]) {
    await page.keyboard.press('Control+z');
    await expect.poll(texts).toEqual(expected);
  }
  await page.getByText('Not saved yet').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+Shift+Z');
  await expect.poll(texts).toEqual(parts);
  await page.keyboard.press('Control+s');
  await page.getByText(`Saved as version ${number + 1}`).waitFor();
  const { segments: after } = await transcriptOf(cut);
  expect(after.map(({ text }) => text)).toEqual(parts);
  expect([...after[0]!.words, ...after[1]!.words]).toEqual(first.words);
  expect([after[0]!.startMs, after[1]!.endMs]).toEqual([first.startMs, first.endMs]);

  // Taken back behind the save, it can be saved again.
  await page.keyboard.press('Control+z');
  await expect.poll(texts).toEqual(whole);
  await page.keyboard.press('Control+s');
  await page.getByText(`Saved as version ${number + 2}`).waitFor();
  expect((await transcriptOf(cut)).segments).toEqual(before);

  // With a note, for whoever looks at the versions.
  await page.keyboard.press('Control+Shift+Z');
  await expect.poll(texts).toEqual(parts);
  await page.getByRole('button', { name: 'Save with a note' }).click();
  await page.getByRole('dialog', { name: 'Save with a note' }).waitFor();
  await page.keyboard.type('  Two speak here.  ');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await page.getByText(`Saved as version ${number + 3}`).waitFor();
  await page.getByRole('button', { name: 'Versions' }).click();
  const panel = page.getByRole('complementary', { name: 'Versions' });
  await panel.getByRole('listitem').first().getByText('Two speak here.', { exact: true }).waitFor();
  const { versions } = await service.get<{ versions: { note: string | null }[] }>(
    `/api/jobs/${cut}/transcript/versions`,
  );
  expect(versions.map(({ note }) => note)).toEqual([null, null, null, 'Two speak here.']);
  await page.locator('body').press('?');
  await page.getByRole('dialog', { name: 'Keys' }).getByText('Cut the passage in two where the caret is').waitFor();
});

test('who speaks is named, for a paragraph and then everywhere', async () => {
  const { page } = await visit(service.address, `/jobs/${thai}`);
  await page.getByRole('button', { name: 'สมชาย: rename' }).first().click();
  const name = page.getByRole('combobox', { name: 'Name' });
  await name.fill('สมหญิง');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'สมหญิง: rename' }).first().waitFor();
  await page
    .getByRole('banner')
    .or(page.getByRole('toolbar'))
    .getByRole('button', { name: 'Save', exact: true })
    .click();
  await page.getByText('Saved as version 3').waitFor();
  expect((await transcriptOf(thai)).speakers).toEqual({ a: 'สมหญิง' });
});

test('everything that is found is replaced at once, and comes back at once', async () => {
  const { page } = await visit(service.address, `/jobs/${long}`);
  await page.locator('[data-segment="0"]').waitFor();
  await page.keyboard.press('Control+f');
  await page.keyboard.type('HARVEST');
  await page.getByText(/^1 of 3,000$/).waitFor();
  await page.getByRole('button', { name: 'Match case' }).click();
  await page.getByText('Nothing found').waitFor();
  await page.getByRole('button', { name: 'Match case' }).click();
  await page.getByRole('textbox', { name: 'Find' }).fill('harvest');
  await page.getByText(/^1 of 3,000$/).waitFor();
  await expect.poll(async () => new Set(await marked(page, 'found'))).toEqual(new Set(['harvest']));
  await page.getByRole('textbox', { name: 'Replace with' }).fill('vintage');
  await page.getByRole('button', { name: 'Replace all' }).click();
  await page.getByText(/^Replaced 3,000 places/).waitFor();
  await page.locator('[data-segment="0"]', { hasText: 'vintage' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+z');
  await page.locator('[data-segment="0"]', { hasText: 'harvest' }).waitFor();
  await page.getByText('Not saved yet').waitFor({ state: 'detached' });
});

test('what two change at once is not lost: the page says so, shows both, and keeps what is chosen', async () => {
  const { page } = await visit(service.address, `/jobs/${job}`, { expectTrouble: /409/ });
  const first = page.locator('[data-segment="0"]');
  await first.dblclick();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('mine');
  await page.keyboard.press('Enter');
  const { number, segments } = await newest(job);
  await put(
    job,
    number,
    segments.map(({ text }, index) => ({ index, text: index === 0 ? 'theirs' : text })),
  );
  await page.getByText(new RegExp(`saved version ${number + 1} meanwhile`)).waitFor();
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog', { name: 'Somebody else has saved meanwhile' });
  await dialog.getByRole('button', { name: 'See both' }).click();
  await dialog.getByText('theirs', { exact: true }).waitFor();
  await dialog.getByText('mine').last().waitFor();
  await dialog.getByRole('button', { name: 'Keep mine as the newest' }).click();
  await page.getByText(`Saved as version ${number + 2}`).waitFor();
  expect((await transcriptOf(job)).segments[0]!.text).toBe('mine');
});

test('the text is taken away in each format', async () => {
  const { page } = await visit(service.address, `/jobs/${job}`, { permissions: ['clipboard-read', 'clipboard-write'] });
  const contents: Record<string, Buffer> = {};
  for (const format of ['txt', 'srt', 'vtt', 'json', 'docx']) {
    await page.getByRole('button', { name: 'Export' }).click();
    const saved = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: `(${format})` }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toMatch(new RegExp(`^speech-\\w+\\.${format}$`));
    contents[format] = await readFile(await download.path());
  }
  const { segments } = await transcriptOf(job);
  const word = segments.at(-1)!.words.at(-1)!.text;
  expect(contents.txt?.toString()).toContain(word);
  expect(contents.srt?.toString()).toMatch(/^1\r?\n00:00:0/);
  expect(contents.vtt?.toString()).toMatch(/^WEBVTT/);
  expect(JSON.parse(String(contents.json))).toMatchObject({ segments });
  // A document is a zip archive.
  expect(contents.docx?.subarray(0, 2).toString()).toBe('PK');
  await page.getByRole('button', { name: 'Copy the text' }).click();
  await page.getByText('The text is copied.').waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(word);
});

test('three hours of text are scrolled through and played, and only a screen of them is drawn', async () => {
  const { page } = await visit(service.address, `/jobs/${long}`);
  await page.locator('[data-segment="0"]').waitFor();
  const scrolled = await page.evaluate(async () => {
    const tasks: number[] = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
    const frames: number[] = [];
    let before = performance.now();
    for (let frame = 0; frame < 240; frame++) {
      window.scrollBy(0, 80);
      await new Promise(requestAnimationFrame);
      frames.push(performance.now() - before);
      before = performance.now();
    }
    frames.sort((a, b) => a - b);
    return { median: frames[120], p95: frames[228], longest: Math.max(0, ...tasks), tasks: tasks.length };
  });
  console.log('Scrolling through 30,000 words, in milliseconds for a frame:', scrolled);
  expect(await page.locator('li[data-index]').count()).toBeLessThan(60);
  expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(10_000);
});

test('Thai text breaks between words and fits on a phone, and the keys are listed', async () => {
  const { page } = await visit(service.address, `/jobs/${thai}`, {
    locale: 'th-TH',
    viewport: PHONE,
    hasTouch: true,
  });
  const text = page.locator('[data-segment="0"]');
  expect(await text.getAttribute('lang')).toBe('th');
  const lines = await text.evaluate((element) => {
    const node = element.firstChild as Text;
    const tops = new Map<number, string>();
    for (let at = 0; at < node.length; at++) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const [box] = range.getClientRects();
      if (!box) continue;
      const line = Math.round(box.bottom);
      tops.set(line, (tops.get(line) ?? '') + node.data[at]);
    }
    return [...tops.values()];
  });
  expect(lines.length).toBeGreaterThan(1);
  const ends = new Set(THAI.map((_, index) => THAI.slice(0, index + 1).join('').length));
  let length = 0;
  for (const line of lines) {
    length += line.length;
    expect(ends, line).toContain(length % THAI.join('').length || THAI.join('').length);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  await expectAccessible(page);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'แป้นลัด' }).getByText('Ctrl+Shift+Z').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'ขั้นตอนการทำงาน' }).click();
  await expect.poll(() => page.url()).toContain('view=job');
});

const THAI = ['สวัสดี', 'ครับ', 'วันนี้', 'เรา', 'จะ', 'พูด', 'ถึง', 'สถานี', 'รถไฟ', 'เก่า', 'ใน', 'เมือง', 'ของ', 'เรา'];

function thaiSegments() {
  const words = [...THAI, ...THAI].map((text, at) => ({
    ...{ text, startMs: at * 20, endMs: at * 20 + 20, confidence: 0.9 },
    ...(at > 0 ? { joinsPrevious: true } : {}),
  }));
  return [{ startMs: 0, endMs: 560, text: [...THAI, ...THAI].join(''), words, speaker: 'a' }];
}

function longSegments() {
  const vocabulary = 'the harvest was late that year and nobody had seen river so low before'.split(' ');
  return Array.from({ length: SEGMENTS }, (_, number) => {
    const startMs = number * 3_600 + Math.floor(number / 5) * 2_000;
    const words = Array.from({ length: WORDS }, (_, at) => ({
      text: vocabulary[(number * 7 + at * 3 + 1) % vocabulary.length]!,
      startMs: startMs + at * 350,
      endMs: startMs + at * 350 + 300,
      confidence: (number * WORDS + at) % 13 === 0 ? 0.4 : 0.95,
    }));
    return { startMs, endMs: words.at(-1)!.endMs, text: words.map(({ text }) => text).join(' '), words };
  });
}

async function put(id: number, base: number, segments: object[], speakers: Record<string, string> = {}) {
  const response = await fetch(`${service.address}/api/jobs/${id}/transcript`, {
    method: 'PUT',
    body: JSON.stringify({ base, segments, speakers }),
    headers: { 'content-type': 'application/json' },
  });
  expect(response.status, await response.text()).toBe(200);
}

async function newest(id: number): Promise<Transcript & { number: number }> {
  const response = await fetch(`${service.address}/api/jobs/${id}/transcript?format=json`);
  const transcript = (await response.json()) as Transcript;
  return { ...transcript, number: Number(response.headers.get('x-transcript-version')) };
}

function transcriptOf(id: number): Promise<Transcript> {
  return service.get<Transcript>(`/api/jobs/${id}/transcript?format=json`);
}

function secondsOf(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector('audio')?.currentTime ?? -1);
}

/** The texts that are marked so. */
function marked(page: Page, kind: 'spoken' | 'unsure' | 'found'): Promise<string[]> {
  return page.evaluate(
    (name) => Array.from(CSS.highlights.get(name) ?? [], (range) => String(range)),
    `transcript-${kind}`,
  );
}

/** Notes from now on in each frame what is marked as spoken. @returns what tells all of it */
async function everySpoken(page: Page): Promise<() => Promise<string[]>> {
  const notes = await page.evaluateHandle(() => {
    const all: string[] = [];
    const look = () => {
      const [now] = Array.from(CSS.highlights.get('transcript-spoken') ?? [], (range) => String(range));
      if (now !== undefined && now !== all.at(-1)) all.push(now);
      requestAnimationFrame(look);
    };
    look();
    return all;
  });
  return () => notes.jsonValue();
}

/** Within its box, where its last letter is. */
async function lastLetterOf(text: ReturnType<Page['locator']>): Promise<{ x: number; y: number }> {
  return await text.evaluate((element) => {
    const node = element.firstChild as Text;
    const range = document.createRange();
    range.setStart(node, node.length - 1);
    range.setEnd(node, node.length);
    const letter = range.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    return { x: letter.x - box.x + letter.width / 3, y: letter.y - box.y + letter.height / 2 };
  });
}
