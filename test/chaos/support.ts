import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { openStore } from '../../src/store/open.ts';
import { identify, type ProcessIdentity, processesWithToken } from '../../src/supervisor/identity.ts';
import { descendants, Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';

/** Cut into four chunks or so by `SHORT_CHUNKS`. */
export const STORY =
  'One winter night there was so much snow that no train could leave. We made coffee for everybody. ' +
  'The passengers stayed with us until the morning. The people of the city were very angry. ' +
  'They raised the money and the state agreed to help.';
export const SHORT_CHUNKS = ['--chunk-duration', '4', '--processes', '1', '--again'];
/** Cut into five chunks or so by `BRIEF_CHUNKS`: half the work. */
export const BRIEF =
  'One winter night there was so much snow that no train could leave. We made coffee for everybody. ' +
  'The passengers stayed with us until the morning.';
export const BRIEF_CHUNKS = ['--chunk-duration', '2', '--processes', '1', '--again'];

export interface Shown {
  status: string;
  chunks: { total: number; complete: number };
  stages: { name: string; status: string }[];
  runs: { number: number; outcome: string | null; chunksCommitted: number; reason: string | null }[];
}

export async function storyFile(): Promise<string> {
  return speak(STORY);
}

export async function briefFile(): Promise<string> {
  return speak(BRIEF);
}

export interface Undisturbed {
  file: string;
  /** How many it is cut into. */
  chunks: number;
  text: string;
}

let brief: Promise<Undisturbed> | undefined;

/** The short recording and what an undisturbed job makes of it with `BRIEF_CHUNKS`; made once for all tests of a file. */
export function undisturbedBrief(): Promise<Undisturbed> {
  brief ??= (async () => {
    const [home, file] = [new Home(), await briefFile()];
    const text = await undisturbed(home, file, BRIEF_CHUNKS);
    const { chunks } = await home.json<Shown>(['show', '1']);
    expect(text.split(' ').length).toBeGreaterThan(BRIEF.split(' ').length / 2);
    expect(chunks.total).toBeGreaterThanOrEqual(4);
    return { file, chunks: chunks.total, text };
  })();
  return brief;
}

/** The text that an undisturbed job gives. */
export async function undisturbed(home: Home, file: string, chunks: string[] = SHORT_CHUNKS): Promise<string> {
  const { code, stdout } = await home.run(['transcribe', ...chunks, file]);
  expect(code).toBe(0);
  return stdout;
}

/** A job is complete, each of its chunks was committed once, and nothing but its transcript and waveform is left of its runs. */
export async function expectWhole(home: Home, jobId: number): Promise<Shown> {
  const shown = await home.json<Shown>(['show', String(jobId)]);
  expect(shown.status).toBe('completed');
  expect(shown.chunks.complete).toBe(shown.chunks.total);
  expect(shown.runs.reduce((sum, run) => sum + run.chunksCommitted, 0)).toBe(shown.chunks.total);
  expect(shown.runs.filter(({ outcome }) => outcome === 'completed')).toEqual([shown.runs.at(-1)]);
  const left = readdirSync(join(home.dataDir, 'jobs', String(jobId)), { recursive: true, encoding: 'utf8' }).sort();
  expect(left).toEqual(['media', expect.stringMatching(/^media\/waveform-[0-9a-f]{64}\.json$/), 'transcript.json']);
  await noneLeft(await runTokens(home));
  return shown;
}

/** What is in a job's log. */
export function jobLog(home: Home, jobId: number): string {
  return readFileSync(join(home.dataDir, 'logs', `transcribe_job_${jobId}.log`), 'utf8');
}

/** The runner below an owner, or undefined while there is none. */
export function runnerOf(owner: number): ProcessIdentity | undefined {
  return childOf(owner, /^(node|MainThread)/)[0];
}

/** The engine workers below an owner. */
export function engineWorkersOf(owner: number): ProcessIdentity[] {
  return childOf(owner, /^pocketsphinx/);
}

function childOf(owner: number, command: RegExp): ProcessIdentity[] {
  return descendants(owner)
    .filter((process) => command.test(process.command))
    .flatMap(({ pid }) => identify(pid) ?? []);
}

/** The tokens of all runs that a home's jobs ever had, read from its database while nobody owns it. */
export async function runTokens(home: Home): Promise<string[]> {
  const store = await openStore({ file: join(home.dataDir, 'longhand.db'), clock: systemClock });
  try {
    const rows = await store.db.selectFrom('runs').select('token').execute();
    return rows.map(({ token }) => token);
  } finally {
    await store.close();
  }
}

/** Waits until no process carries any of the tokens. The kernel tells nobody when a process of others has ended. */
export async function noneLeft(tokens: string[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const left = tokens.flatMap((token) => processesWithToken(token));
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Left behind: ${left.map(({ pid }) => pid).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Asks again and again for what nobody tells of, a few milliseconds apart. */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`This never came: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
