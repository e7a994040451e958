/** whisper.cpp for tests: built once, which takes some minutes, and kept between runs. */
import { join, resolve } from 'node:path';
import { builtWhisper, installWhisper } from '../../src/engines/whisper-build.ts';
import { findProgram } from '../../src/native/spawn.ts';

export const WHISPER_BUILD_TIMEOUT_MS = 9 * 60_000;
export const WHISPER_BUILD_CACHE = resolve('node_modules/.cache/longhand-test');

/** The folder that holds a built engine, building it when there is none; undefined when PATH has one. */
export async function whisperEngineFolder(): Promise<string | undefined> {
  if (findProgram('whisper-cli')) return undefined;
  const shared = process.env.LONGHAND_CACHE;
  if (shared && (await builtWhisper(shared))) return join(shared, 'engines');
  await installWhisper({ cacheDir: WHISPER_BUILD_CACHE });
  return join(WHISPER_BUILD_CACHE, 'engines');
}
