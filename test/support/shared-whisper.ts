/**
 * whisper.cpp for all test files: built once in a clone, which takes minutes, and kept between runs. It is built as a user
 * builds it, when the first file asks for it, beside the tests and behind them in their claim on the processors. `LongestFirst`
 * asks at the beginning, so that it is there when the files that need it come.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { builtWhisper } from '../../src/engines/whisper-build.ts';
import { findProgram } from '../../src/native/spawn.ts';
import { PROGRAM } from '../../src/package-root.ts';
import { askDesk, openDesk } from './desk.ts';

const DESK = 'TEST_WHISPER_OF_LONGHAND';

export const WHISPER_BUILD_TIMEOUT_MS = 9 * 60_000;
export const WHISPER_BUILD_CACHE = resolve('node_modules/.cache/longhand-test');

/** The test files that ask for it. */
export const NEED_WHISPER = /^test\/(cli\/(model-memory|step-down)|engines\/whisper)\.test\.ts$/;

/** Called by Vitest once, before the first test; what it returns is called after the last. */
export default async function prepare(): Promise<() => Promise<void>> {
  const building = new AbortController();
  let built: Promise<void> | undefined;
  const close = await openDesk(DESK, async () => {
    if (findProgram('whisper-cli')) return '';
    const shared = process.env.LONGHAND_CACHE;
    if (shared && (await builtWhisper(shared))) return join(shared, 'engines');
    built = build(building.signal);
    await built;
    return join(WHISPER_BUILD_CACHE, 'engines');
  });
  return async () => {
    close();
    building.abort();
    await built?.catch(() => undefined); // Whoever asked was told.
  };
}

async function build(signal: AbortSignal): Promise<void> {
  if (await builtWhisper(WHISPER_BUILD_CACHE)) return;
  const command = ['-n', '19', process.execPath, PROGRAM, 'engines', 'install', 'whisper'];
  const env = { ...process.env, LONGHAND_CACHE: WHISPER_BUILD_CACHE };
  const child = spawn('nice', command, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  signal.addEventListener('abort', () => child.kill('SIGTERM')); // It ends the compilers and removes what they made.
  const closed = once(child, 'close');
  const said = await text(child.stderr);
  const [code] = await closed;
  if (code !== 0) throw new Error(`whisper.cpp was not built for the tests:\n${said.slice(-5_000)}`);
}

/** Has it built, for those who ask later. */
export function beginWhisper(): void {
  if (process.env[DESK]) askDesk(DESK).catch(() => undefined); // Whoever needs it is told.
}

/** The folder that holds the built engine; undefined when PATH has one. */
export async function whisperEngineFolder(): Promise<string | undefined> {
  return (await askDesk(DESK)) || undefined;
}
