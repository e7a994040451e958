import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { detailsOf, type JobDetails } from '../../src/jobs/view.ts';
import { listPage } from '../../src/store/job-list.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { identify, type ProcessIdentity, processesWithToken } from '../../src/supervisor/identity.ts';
import { queueControlOf } from '../jobs/queue-contexts.ts';
import { descendants, Home } from '../support/cli.ts';
import { HeldModel, smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';

/** For what hangs, not for what is slow on a busy machine. */
const PATIENCE_MS = 240_000;

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

let story: Promise<string> | undefined;

/** What an undisturbed job with the small model makes of the story with `SHORT_CHUNKS`, whoever runs it; made once. */
export function storyText(): Promise<string> {
  story ??= Promise.all([smallModel(), storyFile()]).then(([env, file]) => undisturbed(new Home(env), file));
  return story;
}

/** A home whose jobs come up to a chunk and no further, until the test lets them. */
export async function heldHome(from: number): Promise<{ home: Home; held: HeldModel }> {
  const held = new HeldModel();
  held.holdFrom(from);
  return { home: new Home(await held.env()), held };
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

/** The short recording and what an undisturbed job makes of it with `BRIEF_CHUNKS`; made once. */
export function undisturbedBrief(): Promise<Undisturbed> {
  brief ??= (async () => {
    const [home, file] = [new Home(), await briefFile()];
    const text = await undisturbed(home, file, BRIEF_CHUNKS);
    const { chunks } = await jobOf(home, 1);
    expect(text.split(' ').length).toBeGreaterThan(BRIEF.split(' ').length / 2);
    expect(chunks.total).toBeGreaterThanOrEqual(4);
    return { file, chunks: chunks.total, text };
  })();
  return brief;
}

/**
 * A job as `show` tells of it, but read from its database while nobody owns it: a tenth of the work of the command, which
 * becomes the owner and would see to jobs that a dead one left.
 */
export function jobOf(home: Home, id: number): Promise<JobDetails> {
  return withStore(home, (store) => detailsOf({ ...queueControlOf(store), store }, id));
}

/** How many jobs there are, read while nobody owns the folder; none where there is no database yet. */
export async function countJobs(home: Home): Promise<number> {
  if (!existsSync(join(home.dataDir, 'longhand.db'))) return 0;
  return await withStore(
    home,
    async (store) => (await listPage(store, {}, { sort: 'newest', limit: 1_000 })).jobs.length,
  );
}

/** The text that an undisturbed job gives. */
export async function undisturbed(home: Home, file: string, chunks: string[] = SHORT_CHUNKS): Promise<string> {
  const { code, stdout } = await home.run(['transcribe', ...chunks, file]);
  expect(code).toBe(0);
  return stdout;
}

/** A job is complete, each of its chunks was committed once, and nothing but its transcript and waveform is left of its runs. */
export async function expectWhole(home: Home, jobId: number): Promise<JobDetails> {
  const shown = await jobOf(home, jobId);
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
  return await withStore(home, async ({ db }) => {
    const rows = await db.selectFrom('runs').select('token').execute();
    return rows.map(({ token }) => token);
  });
}

async function withStore<T>(home: Home, read: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ file: join(home.dataDir, 'longhand.db'), clock: systemClock });
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}

/** Waits until no process carries any of the tokens. The kernel tells nobody when a process of others has ended. */
export async function noneLeft(tokens: string[]): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const left = tokens.flatMap((token) => processesWithToken(token));
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Left behind: ${left.map(({ pid }) => pid).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Asks again and again for what nobody tells of, a few milliseconds apart. */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`This never came: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
