/**
 * What somebody waits for in the page, in a real Chromium before a real service.
 *
 * 1. First load of `/`, with nothing in the browser's cache and no recording there yet, the median of several: until the largest thing is painted
 *    (Largest Contentful Paint), and for how long the page could not answer (each task over 50 ms, what is over; Total Blocking
 *    Time). And script, compressed with gzip, for an empty page, for one recording that waits and for many, each in English and in Thai.
 *    What counts is every file that the page asked for before all stood on it that it has to say: that somebody can read it and use
 *    everything that is on it. What it asked for later, when the browser had nothing else to do, is reported beside it: what
 *    recordings are put into another order with, as soon as two of them wait.
 * 2. Event → screen: a recording is handed in over HTTP; from the answer to the moment at which its name stands on the page,
 *    the highest of several. The queue is paused, so that nothing else works.
 *
 *     node bench/run.js page [--loads N] [--events N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findProgram } from '../src/native/spawn.ts';
import { addressOf } from './support/service.ts';
import { median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const FULL = { loads: 7, events: 12 };
const PAINT_BUDGET_MS = 1_000;
const BLOCKING_BUDGET_MS = 100;
const SCRIPT_BUDGET_KB = 130;
const EVENT_BUDGET_MS = 200;
const DESK = { width: 1280, height: 800 };
/** A task may take so long before it counts as blocking (https://web.dev/articles/tbt). */
const FREE_TASK_MS = 50;

const LOCALES = ['en-GB', 'th-TH'];
/** What the page says when it has said all: with which engine something would be done now. */
const ENGINE = 'PocketSphinx';

const { loads, events } = options();
await onStage(async () => {
  const service = spawn(process.execPath, [program, 'serve', '--port', '0'], { env: ownEnvironment() });
  const executablePath = findProgram('chromium');
  if (executablePath === undefined) return stop('There is no Chromium. Run: node scripts/setup.js --for-tests');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const address = await addressOf(service);
    const first = [];
    for (let n = 0; n < loads; n += 1) first.push(await load(browser, address));
    const scripts = new Map([['no recording', await inEachLanguage(browser, address, [])]]);
    await fetch(`${address}/api/queue/pause`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    const page = await (await browser.newContext({ viewport: DESK })).newPage();
    await page.goto(address);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const names = Array.from({ length: events }, (_, n) => `recording-${n}.wav`);
    const toScreen: number[] = [];
    for (const [n, name] of names.entries()) {
      toScreen.push(await eventToScreen(page, address, name));
      if (n === 0) scripts.set('one waits', await inEachLanguage(browser, address, [name]));
    }
    scripts.set(`${events} wait`, await inEachLanguage(browser, address, names));
    report(first, scripts, toScreen);
  } finally {
    await browser.close();
    service.kill('SIGTERM');
    await once(service, 'close');
  }
});

function options(): typeof FULL {
  try {
    const { values } = parseArgs({ options: { loads: { type: 'string' }, events: { type: 'string' } } });
    return { loads: above(values.loads, FULL.loads), events: above(values.events, FULL.events) };
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js page [--loads N] [--events N]`);
  }
}

function above(given: string | undefined, full: number): number {
  const value = Number(given ?? full);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`"${given}" is not a whole number above 0.`);
}

interface Load {
  paintMs: number;
  blockingMs: number;
  script: Script;
}

/** Compressed. */
interface Script {
  /** Asked for before all stood on the page. */
  firstBytes: number;
  laterBytes: number;
}

function inEachLanguage(browser: Browser, address: string, waiting: string[]): Promise<Script[]> {
  return Promise.all(LOCALES.map(async (locale) => (await load(browser, address, { locale, waiting })).script));
}

/** @param waiting the recordings that wait, all of which the page shows */
async function load(
  browser: Browser,
  address: string,
  { locale = 'en-GB', waiting = [] }: { locale?: string; waiting?: string[] } = {},
): Promise<Load> {
  const context = await browser.newContext({ viewport: DESK, locale });
  const page = await context.newPage();
  await page.addInitScript(`
    window.seen = { paint: 0, blocking: 0, all: 0 };
    new PerformanceObserver((list) => {
      for (const { startTime } of list.getEntries()) seen.paint = startTime;
    }).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.blocking += Math.max(0, duration - ${FREE_TASK_MS});
    }).observe({ type: 'longtask', buffered: true });
    const wanted = ${JSON.stringify([ENGINE, ...waiting])};
    new MutationObserver(() => {
      const said = document.querySelector('main')?.textContent ?? '';
      if (seen.all === 0 && wanted.every((text) => said.includes(text))) seen.all = performance.now();
    }).observe(document, { childList: true, subtree: true, characterData: true });
  `);
  await page.goto(address);
  await page.waitForFunction(
    () => document.readyState === 'complete' && (globalThis as unknown as { seen: { all: number } }).seen.all > 0,
  );
  // Of what comes later this is the last.
  if (waiting.length > 1) await page.locator('main button[aria-describedby^=DndDescribedBy]').last().waitFor();
  const { seen, scripts } = (await page.evaluate(`({
    seen,
    scripts: performance.getEntriesByType('resource')
      .map(({ name, startTime }) => ({ path: new URL(name).pathname, startTime }))
      .filter(({ path }) => path.endsWith('.js')),
  })`)) as {
    seen: { paint: number; blocking: number; all: number };
    scripts: { path: string; startTime: number }[];
  };
  await context.close();
  const bytes = (isFirst: boolean) =>
    sum(scripts.filter(({ startTime }) => startTime < seen.all === isFirst).map(({ path }) => compressedBytes(path)));
  return {
    paintMs: seen.paint,
    blockingMs: seen.blocking,
    script: { firstBytes: bytes(true), laterBytes: bytes(false) },
  };
}

function compressedBytes(path: string): number {
  const file = join(dirname(program), 'web', path);
  return path.startsWith('/assets/') ? statSync(`${file}.gz`).size : statSync(file).size;
}

async function eventToScreen(page: Page, address: string, name: string): Promise<number> {
  // By the clock of this machine, which the browser and this process share.
  const shown = page.evaluate(
    (text) =>
      new Promise<number>((resolve) => {
        const look = () => {
          if (!document.querySelector('main')?.textContent?.includes(text)) return;
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
      }),
    name,
  );
  const form = new FormData();
  form.append('file', new Blob([silence(times(name))]), name);
  const response = await fetch(`${address}/api/jobs`, { method: 'POST', body: form });
  const accepted = performance.timeOrigin + performance.now();
  if (response.status !== 201) throw new Error(`It was refused: ${await response.text()}`);
  return (await shown) - accepted;
}

/** Each is another recording. */
function times(name: string): number {
  return Number(/\d+/.exec(name)?.[0]);
}

/** A WAV file of a second, all of it one value. */
function silence(value: number): Uint8Array<ArrayBuffer> {
  const file = Buffer.alloc(44 + 32_000, 0);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + 32_000, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(16_000, 24);
  file.writeUInt32LE(32_000, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(32_000, 40);
  file.writeInt16LE(value, 44);
  return new Uint8Array(file);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function report(first: Load[], scripts: ReadonlyMap<string, Script[]>, toScreen: number[]): void {
  const paint = median(first.map(({ paintMs }) => paintMs));
  const blocking = median(first.map(({ blockingMs }) => blockingMs));
  const script = Math.max(...[...scripts.values()].flat().map(({ firstBytes }) => firstBytes)) / 1000;
  const event = Math.max(...toScreen);
  const lines: [what: string, value: number, budget: number, unit: string][] = [
    ['largest paint', paint, PAINT_BUDGET_MS, 'ms'],
    ['blocking', blocking, BLOCKING_BUDGET_MS, 'ms'],
    ['script, gzip, the most of these', script, SCRIPT_BUDGET_KB, 'kB'],
    ['event → screen, highest', event, EVENT_BUDGET_MS, 'ms'],
  ];
  for (const [what, each] of scripts) console.log(`script, ${what}: ${each.map(scriptInWords).join(' · ')}`);
  for (const [what, value, budget, unit] of lines) {
    console.log(`${what}: ${value.toFixed(1)} ${unit} (budget ${budget}) ${value <= budget ? 'ok' : 'OVER BUDGET'}`);
  }
  console.log(`event → screen, p50: ${median(toScreen).toFixed(1)} ms`);
  process.exitCode = lines.every(([, value, budget]) => value <= budget) ? 0 : 1;
}

function scriptInWords({ firstBytes, laterBytes }: Script, at: number): string {
  return `${LOCALES[at]} ${(firstBytes / 1000).toFixed(1)} kB, later ${(laterBytes / 1000).toFixed(1)} kB`;
}
