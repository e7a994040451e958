/** Runs ffmpeg over a recording for somebody who waits for what it makes: within a time, and never beyond its end. */
import type { Readable } from 'node:stream';
import { DiskError, InputError, LonghandError } from '../domain/errors.ts';
import { OUT_OF_MEMORY, requireProgram, safeInput, spawnLimited } from './ffmpeg.ts';
import { readLines } from './lines.ts';
import { named } from './probe.ts';

/** Half a day of sound takes less, also on a machine that is busy. What takes longer was made to. */
const TIMEOUT_MS = 30 * 60_000;
const STDERR_TAIL_LINES = 10;
/** ffmpeg's exit code when SIGINT or SIGTERM made it stop early. */
const STOPPED_BY_SIGNAL = 255;

export interface SoundOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

/**
 * Has ffmpeg read the first sound track of a recording, as far as it can be decoded.
 * @param output the arguments that say what is made of it, and where to
 * @param take receives what is written to standard output
 * @throws InputError when nothing can be made of it; DiskError; LonghandError (`timeout`, `memory`, `unknown`) when ffmpeg did
 *   not come to its end; the signal's reason. In all these cases ffmpeg is gone.
 */
export async function makeOfSound(
  path: string,
  output: readonly string[],
  take: (bytes: Buffer) => void,
  { signal, timeoutMs = TIMEOUT_MS }: SoundOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const args = [
    ...['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'error', '-y', '-max_error_rate', '1'],
    // Sound is filtered by one thread anyway; a pool of one for each core would count as memory.
    ...['-filter_threads', '1', '-threads', '1'],
    ...safeInput(path),
    // Titles and pictures stay where they are.
    ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1', ...output],
  ];
  const tail: string[] = [];
  const { code, killedBy, failure } = await new Promise<End>((resolve) => {
    const ffmpeg = spawnLimited(requireProgram('ffmpeg'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let failure: unknown;
    const stop = (reason: unknown) => {
      failure ??= reason;
      ffmpeg.kill('SIGKILL');
    };
    const abort = () => stop(signal?.reason);
    const timer = setTimeout(() => stop(tooSlow(path, timeoutMs)), timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    ffmpeg.stdout?.on('data', take);
    readLines(ffmpeg.stderr as Readable, (line) => {
      tail.push(line);
      if (tail.length > STDERR_TAIL_LINES) tail.shift();
    });
    ffmpeg.on('error', stop);
    ffmpeg.on('close', (code, killedBy) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      resolve({ code, killedBy, failure });
    });
  });
  if (failure !== undefined) throw failure;
  if (code !== 0) throw errorOf(path, { code, killedBy }, tail);
}

interface End {
  code: number | null;
  killedBy: NodeJS.Signals | null;
  /** Why it was ended, or could not be started. */
  failure: unknown;
}

function tooSlow(path: string, timeoutMs: number): LonghandError {
  const message = `ffmpeg was not done with ${named(path)} within ${timeoutMs / 60_000} minutes.`;
  return new LonghandError({ kind: 'timeout', message });
}

function errorOf(path: string, { code, killedBy }: Pick<End, 'code' | 'killedBy'>, tail: string[]): LonghandError {
  const evidence = tail.join('\n');
  if (/: (?:No space left on device|(?:Dis[ck] q|Q)uota exceeded|Read-only file system)/.test(evidence)) {
    return new DiskError('There is no space left on the disk of LONGHAND_DATA.', 'Free some space, then try again.');
  }
  if (killedBy || code === STOPPED_BY_SIGNAL || OUT_OF_MEMORY.test(evidence)) {
    const kind = killedBy === 'SIGKILL' || OUT_OF_MEMORY.test(evidence) ? 'memory' : 'unknown';
    const message = `ffmpeg was ended (${killedBy ?? code}) while it read ${named(path)}.`;
    return new LonghandError({ kind, message, remedy: 'Try again.', evidence });
  }
  return new InputError(`${named(path)} holds no sound that can be decoded.`, { evidence });
}
