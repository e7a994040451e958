/** Speech for tests, made with flite (https://github.com/festvox/flite). */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SHARED_FOLDER } from './leave-nothing.ts';

const run = promisify(execFile);
const made = new Map<string, Promise<string>>();

/**
 * Speaks a text. Returns the path of a WAV file (16 kHz, mono); the same request gets the same file, whichever test file asks.
 * Whoever wants to change it takes a copy.
 */
export function speak(text: string, { voice = 'slt' }: { voice?: 'slt' | 'rms' } = {}): Promise<string> {
  const key = createHash('sha256').update(`${voice}\n${text}`).digest('hex').slice(0, 16);
  let path = made.get(key);
  if (!path) {
    path = make(join(process.env[SHARED_FOLDER] as string, `speech-${key}.wav`), text, voice);
    made.set(key, path);
  }
  return path;
}

/** Made aside and renamed: another process may make or read the same at this moment. */
async function make(file: string, text: string, voice: string): Promise<string> {
  if (existsSync(file)) return file;
  const aside = `${file}.${process.pid}`;
  await run('flite', ['-voice', voice, '-t', text, '-o', aside]);
  await rename(aside, file);
  return file;
}
