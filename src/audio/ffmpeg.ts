/**
 * How ffmpeg and ffprobe are called on files that strangers made.
 *
 * A recording may be a playlist in disguise (HLS, concat, DASH, SDP …) whose entries name other files or addresses; read
 * naively it would put someone else's file into the transcript or make calls into the network. Two options stop that:
 * the only protocol is `file`, and of all demuxers that this ffmpeg has, those that open further sources, listen to
 * devices or run scripts are left out (`format_whitelist`, ffmpeg-formats(1); there is no such blacklist). The name is
 * passed as `file:NAME`, after which ffmpeg takes every character literally (ffmpeg-protocols(1)).
 */
import { LonghandError } from '../domain/errors.ts';
import { findProgram, spawnNative } from '../native/spawn.ts';

/** Demuxers that open other sources than the file they are given, or devices, or scripts. Names as `ffmpeg -demuxers` prints them. */
const UNSAFE_DEMUXERS = new Set([
  ...['hls', 'applehttp', 'concat', 'dash', 'webm_dash_manifest', 'imf', 'sdp', 'rtp', 'rtsp', 'sap', 'mpjpeg'],
  ...['image2', 'image2pipe', 'tty', 'avisynth', 'vapoursynth', 'lavfi'],
  ...['alsa', 'avfoundation', 'fbdev', 'iec61883', 'jack', 'kmsgrab', 'libcdio', 'libdc1394', 'openal', 'oss'],
  ...['android_camera', 'bktr', 'decklink', 'dshow', 'gdigrab', 'pulse', 'sndio', 'vfwcap', 'x11grab', 'xcbgrab'],
  ...['video4linux2', 'v4l2'],
]);
const LIST_TIMEOUT_MS = 30_000;
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
  const { stdout } = await runToEnd(requireProgram('ffmpeg'), ['-version'], LIST_TIMEOUT_MS);
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

let demuxers: Promise<string> | undefined;

/**
 * The arguments that open a local file and nothing else, to be put where `-i FILE` stands.
 * @param path may hold any character, and may start with `-`.
 */
export async function safeInput(path: string, signal?: AbortSignal): Promise<string[]> {
  demuxers ??= listSafeDemuxers();
  const list = await demuxers;
  signal?.throwIfAborted();
  return ['-protocol_whitelist', 'file', '-format_whitelist', list, '-i', `file:${path}`];
}

async function listSafeDemuxers(): Promise<string> {
  try {
    const { stdout } = await runToEnd(requireProgram('ffprobe'), ['-v', 'error', '-demuxers'], LIST_TIMEOUT_MS);
    const names = stdout
      .split('\n')
      .flatMap((line) => /^ D[E ]?[ d.]*\s(\S+)/.exec(line)?.[1]?.split(',') ?? [])
      .filter((name) => /^[\w]+$/.test(name) && !UNSAFE_DEMUXERS.has(name));
    if (names.length === 0) throw new LonghandError({ kind: 'unknown', message: 'ffprobe lists no file formats.' });
    return names.join(',');
  } catch (error) {
    demuxers = undefined; // The next file asks again: ffmpeg may have been installed meanwhile.
    throw error;
  }
}

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
    const child = spawnNative(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
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
