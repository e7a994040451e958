/** Speech for tests, made with flite (https://github.com/festvox/flite). */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { scratchPath } from './scratch.ts';

const run = promisify(execFile);
const made = new Map<string, Promise<string>>();

/** Speaks a text. Returns the path of a WAV file (16 kHz, mono); the same request gets the same file. */
export function speak(text: string, { voice = 'slt' }: { voice?: 'slt' | 'rms' } = {}): Promise<string> {
  const key = createHash('sha256').update(`${voice}\n${text}`).digest('hex').slice(0, 16);
  let path = made.get(key);
  if (!path) {
    const file = scratchPath(`speech-${key}.wav`);
    path = run('flite', ['-voice', voice, '-t', text, '-o', file]).then(() => file);
    made.set(key, path);
  }
  return path;
}
