/**
 * How ffmpeg and ffprobe are called on files that strangers made.
 *
 * A recording may be a playlist in disguise (HLS, concat, DASH, SDP …) whose entries name other files or addresses; read
 * naively it would put someone else's file into the transcript or make calls into the network. Two options stop that:
 * the only protocol is `file`, and the only formats are those of recordings (recording-formats.ts). The name is passed as
 * `file:NAME`, after which ffmpeg takes every character literally (ffmpeg-protocols(1)). And a file may claim sizes that
 * would take all memory: so the programs have a limit.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { LonghandError } from '../domain/errors.ts';
import { findProgram, memoryLimitPrefix, spawnNative } from '../native/spawn.ts';
import { RECORDING_FORMATS } from './recording-formats.ts';

const VERSION_TIMEOUT_MS = 30_000;
/** More than fifteen times what the decoding of an hour takes. */
const MEMORY_LIMIT_BYTES = 1024 ** 3;
/** Of a program's stderr this much is kept as evidence. */
const STDERR_TAIL_CHARS = 8_000;
const STDOUT_MAX_CHARS = 8_000_000;

/**
 * The absolute path of `ffmpeg` or `ffprobe`.
 * @throws LonghandError with the remedy when it is not installed.
 */
export function requireProgram(name: 'ffmpeg' | 'ffprobe'): string {
  const program = findProgram(name);
  if (program) return program;
  throw new LonghandError({
    kind: 'unknown',
    message: `The program ${name} is not installed.`,
    remedy: process.platform === 'darwin' ? 'Run: brew install ffmpeg' : 'Run: sudo apt-get install ffmpeg',
  });
}

/**
 * What the installed ffmpeg calls itself: '5.1.6-0+deb12u1'.
 * @throws LonghandError when it is not installed or does not run
 */
export async function ffmpegVersion(): Promise<string> {
  const { stdout } = await runToEnd(requireProgram('ffmpeg'), ['-version'], VERSION_TIMEOUT_MS);
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

/**
 * The arguments that open a local file and nothing else, to be put where `-i FILE` stands.
 * @param path may hold any character, and may start with `-`.
 */
export function safeInput(path: string): string[] {
  return ['-protocol_whitelist', 'file', '-format_whitelist', RECORDING_FORMATS, '-i', `file:${path}`];
}

/** Starts ffmpeg or ffprobe with a limit on their memory. */
export function spawnLimited(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const [first, ...rest] = [...memoryLimitPrefix(MEMORY_LIMIT_BYTES), program, ...args];
  return spawnNative(first as string, rest, options);
}

/** What ffmpeg says when the limit, or the machine, gives it no more: strerror(3) of ENOMEM in glibc, musl and macOS. */
export const OUT_OF_MEMORY = /Cannot allocate memory|Out of memory/;

export interface ProgramResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  /** The last part of it. */
  stderr: string;
}

/**
 * Runs a program to its end and collects what it printed. Its exit code is for the caller to judge.
 * @throws LonghandError of kind `timeout`, or the signal's reason; in both cases the program is gone by then.
 */
export function runToEnd(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const child = spawnLimited(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let failure: unknown;
    const stop = (reason: unknown) => {
      failure ??= reason;
      child.kill('SIGKILL');
    };
    const abort = () => stop(signal?.reason);
    const timer = setTimeout(() => {
      const message = `${command} did not answer within ${timeoutMs / 1000} s.`;
      stop(new LonghandError({ kind: 'timeout', message, evidence: args.join(' ').slice(-500) }));
    }, timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.length > STDOUT_MAX_CHARS) {
        stop(
          new LonghandError({
            kind: 'unknown',
            message: `${command} printed more than ${STDOUT_MAX_CHARS} characters.`,
          }),
        );
      }
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_TAIL_CHARS);
    });
    child.on('error', stop);
    child.on('close', (code, exitSignal) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (failure !== undefined) reject(failure);
      else resolve({ code, signal: exitSignal, stdout, stderr });
    });
  });
}
