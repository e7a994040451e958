import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { openStore } from '../../src/store/open.ts';
import { processesWithToken } from '../../src/supervisor/identity.ts';
import type { Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';

/** Cut into four chunks or so by `SHORT_CHUNKS`. */
export const STORY =
  'One winter night there was so much snow that no train could leave. We made coffee for everybody. ' +
  'The passengers stayed with us until the morning. The people of the city were very angry. ' +
  'They raised the money and the state agreed to help.';
export const SHORT_CHUNKS = ['--chunk-duration', '4', '--processes', '1'];

export interface Shown {
  status: string;
  chunks: { total: number; complete: number };
  stages: { name: string; status: string }[];
  runs: { number: number; outcome: string | null; chunksCommitted: number; reason: string | null }[];
}

export async function storyFile(): Promise<string> {
  return speak(STORY);
}

/** The text that an undisturbed job gives. */
export async function undisturbed(home: Home, file: string): Promise<string> {
  const { code, stdout } = await home.run(['transcribe', ...SHORT_CHUNKS, file]);
  expect(code).toBe(0);
  return stdout;
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
