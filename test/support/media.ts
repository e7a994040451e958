/** Odd recordings, made with ffmpeg. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { scratchPath } from './scratch.ts';

const run = promisify(execFile);

/** Runs ffmpeg with these arguments between its input and the file `name` in the test's folder. Returns the file's path. */
export async function ffmpeg(name: string, ...args: string[]): Promise<string> {
  const path = scratchPath(name);
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, `file:${path}`]);
  return path;
}

/** A recording converted into another format, by the new file's ending. */
export function convert(input: string, name: string, ...args: string[]): Promise<string> {
  return ffmpeg(name, '-i', `file:${input}`, ...args);
}

/** Sound from ffmpeg's own sources, for example `sine=d=2` or `anoisesrc=c=pink:a=0.05:d=20`. */
export function synthesise(name: string, source: string, ...args: string[]): Promise<string> {
  return ffmpeg(name, '-f', 'lavfi', '-i', source, ...args);
}

/** The decoded form: signed 16-bit little-endian mono samples at 16 kHz. */
export function rawOf(input: string, name: string): Promise<string> {
  return convert(input, name, '-ac', '1', '-ar', '16000', '-f', 's16le');
}

/** A file with only the first part of another. */
export async function truncate(input: string, name: string, part: number): Promise<string> {
  const bytes = await readFile(input);
  return write(name, bytes.subarray(0, Math.floor(bytes.length * part)));
}

/** A file in which the middle sixth is overwritten with noise (always the same). */
export async function damage(input: string, name: string): Promise<string> {
  const bytes = await readFile(input);
  const from = Math.floor(bytes.length / 2);
  for (let i = from; i < from + bytes.length / 6; i++) bytes[i] = ((i * 7919) >> 3) & 255;
  return write(name, bytes);
}

/** A file with these bytes. */
export async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = scratchPath(name);
  await writeFile(path, content);
  return path;
}

/** Bytes without meaning, always the same. */
export function garbage(length: number): Uint8Array {
  let state = 12345;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
}
