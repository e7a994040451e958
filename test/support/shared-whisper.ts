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

export const WHISPER_BUILD_TIMEOUT_MS = 20 * 60_000;
export const WHISPER_BUILD_CACHE = resolve('node_modules/.cache/longhand-test');

/** The test files that ask for it. */
export const NEED_WHISPER = /^test\/(cli\/(model-memory|step-down)|engines\/whisper|runner\/full-disk)\.test\.ts$/;

/** Called by Vitest once, before the first test; what it returns is called after the last. */
export default async function prepare(): Promise<() => Promise<void>> {
  const over = new AbortController();
  let found: Promise<string> | undefined;
  const close = await openDesk(DESK, () => {
    found = findOrBuild(over.signal);
    return found;
  });
  return async () => {
    close();
    over.abort();
    await found?.catch(() => undefined); // Whoever asked was told.
  };
}

/** Has it built, for those who ask later. */
export function beginWhisper(): void {
  if (process.env[DESK]) askDesk(DESK).catch(() => undefined); // Whoever needs it is told.
}

/** The folder that holds the built engine; undefined when PATH has one. Outside of Vitest it is built by this process. */
export async function whisperEngineFolder(): Promise<string | undefined> {
  return (await (process.env[DESK] ? askDesk(DESK) : findOrBuild(new AbortController().signal))) || undefined;
}

/** As text: empty when PATH has it. */
async function findOrBuild(signal: AbortSignal): Promise<string> {
  if (findProgram('whisper-cli')) return '';
  const shared = process.env.LONGHAND_CACHE;
  if (shared && (await builtWhisper(shared))) return join(shared, 'engines');
  if (!(await builtWhisper(WHISPER_BUILD_CACHE))) await build(signal);
  return join(WHISPER_BUILD_CACHE, 'engines');
}

async function build(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const command = ['-n', '19', process.execPath, PROGRAM, 'engines', 'install', 'whisper'];
  const env = { ...process.env, LONGHAND_CACHE: WHISPER_BUILD_CACHE };
  const child = spawn('nice', command, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  signal.addEventListener('abort', () => child.kill('SIGTERM')); // It ends the compilers and removes what they made.
  const closed = once(child, 'close');
  const said = await text(child.stderr);
  const [code] = await closed;
  if (code !== 0) throw new Error(`whisper.cpp was not built for the tests:\n${said.slice(-5_000)}`);
}
