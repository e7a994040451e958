/**
 * Turns any recording into what the engines hear: 16 kHz, mono, signed 16-bit little-endian, without a header.
 *
 * ffmpeg writes the file itself, and this process reads after it (follow.ts), so that the sha256 and the loudness are
 * those of what is really in the file, and are there as soon as it is. Memory stays flat however long the recording is.
 *
 * Times stay true. `aresample=async=1:first_pts=0` (ffmpeg-resampler(1)) puts silence where a film's sound starts late
 * and where damage leaves a hole, so that a word after the hole is where a player shows it. It says so in its verbose
 * log, from which the seconds lost are counted; what is missing at the end is told by the length the file promises.
 * A damaged file is decoded as far as it goes (`-max_error_rate 1`), and what was lost becomes a warning.
 */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { DiskError, InputError, LonghandError, reportOf } from '../domain/errors.ts';
import type { SoundQuality } from '../domain/model-choice.ts';
import { syncFolder } from '../files/directory.ts';
import { requireProgram, safeInput, spawnLimited } from './ffmpeg.ts';
import { follow } from './follow.ts';
import { readLines } from './lines.ts';
import { type Loudness, LoudnessMeter, SAMPLE_RATE_HZ } from './loudness.ts';
import { PeakMeter, type Peaks } from './peaks.ts';
import { type AudioProbe, named, probe } from './probe.ts';
import { BandwidthMeter, soundQuality } from './quality.ts';

const DEFAULT_THREADS = 2;
const BYTES_PER_SECOND = SAMPLE_RATE_HZ * 2;
const PROGRESS_STEP_SECONDS = 10;
/** Encoders pad a file's ends by up to a frame or two (mp3: 1152 samples each); less than this is no loss. */
const LOSS_TOLERANCE_SECONDS = 0.5;
/** What is printed as 0.0. */
const LEAST_LOSS_SECONDS = 0.05;
/**
 * Formats in which a hole in time is damage. Elsewhere it may be meant: recorders of phone and web calls save nothing
 * while nobody speaks (DTX, RFC 6716 section 2.1.9).
 */
const GAPLESS_FORMATS = new Set(['flac', 'ogg']);
const STDERR_TAIL_LINES = 30;
/** How ffmpeg ends a line when it cannot write: strerror(3) in glibc, musl and macOS. */
const DISK_COMPLAINTS = [
  { words: /: No space left on device$/, code: 'ENOSPC' },
  { words: /: (?:Dis[ck] q|Q)uota exceeded$/, code: 'EDQUOT' },
  { words: /: Read-only file system$/, code: 'EROFS' },
];
/** ffmpeg's exit code when SIGINT or SIGTERM made it stop early (`exit_program` in ffmpeg.c): its output is then half a file. */
const STOPPED_BY_SIGNAL = 255;

export interface DecodeOptions {
  /** What `probe` said about this file, when it was asked already. */
  probe?: AudioProbe;
  /** Threads ffmpeg may use (`preprocessWorkers`). */
  threads?: number;
  signal?: AbortSignal;
  /** Told the seconds decoded so far, at most once for every 10 s of sound. */
  onProgress?(decodedSeconds: number): void;
  /** Receives what ffmpeg says is wrong, line by line. */
  onLine?(line: string): void;
}

export interface DecodedAudio {
  samples: number;
  /** Of the decoded file, in hex. */
  sha256: string;
  loudness: Loudness;
  /** For a picture of it. */
  peaks: Peaks;
  /** Undefined where nobody can be heard to speak. */
  quality: SoundQuality | undefined;
  /** Sentences the reader of the transcript must know, with the seconds lost. */
  warnings: string[];
}

/**
 * Decodes a recording's first sound track into `outPath`, by way of `${outPath}.part`; on success the file is on the
 * disk (synced) and complete, on failure neither of the two is left.
 * @throws InputError when nothing could be decoded (and all that `probe` throws).
 * @throws DiskError when the disk is full or read-only, or holds less than ffmpeg has written.
 * @throws LonghandError when ffmpeg was ended from outside: half a recording is never taken for a whole one.
 * @throws the signal's reason when it aborts; ffmpeg is gone by then.
 */
export async function decode(inputPath: string, outPath: string, options: DecodeOptions = {}): Promise<DecodedAudio> {
  const { signal } = options;
  signal?.throwIfAborted();
  const facts = options.probe ?? (await probe(inputPath, signal ? { signal } : {}));
  const args = [
    ...['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'repeat+level+verbose', '-max_error_rate', '1'],
    // Sound is filtered by one thread anyway; a pool of one for each core would count as memory.
    ...['-filter_threads', '1', '-threads', String(options.threads ?? DEFAULT_THREADS)],
    ...safeInput(inputPath),
    ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-ac', '1'],
    ...['-af', `aresample=${SAMPLE_RATE_HZ}:async=1:first_pts=0`, '-f', 's16le', 'pipe:1'],
  ];
  const partPath = `${outPath}.part`;
  let file: FileHandle | undefined;
  let ffmpeg: RunningFfmpeg | undefined;
  try {
    file = await createAnew(partPath);
    signal?.throwIfAborted();
    ffmpeg = startFfmpeg(args, file, options);
    const { sha256, loudness, peaks, bandwidthHz, bytes } = await listen(file, ffmpeg, facts, options);
    const end = await ffmpeg.ended;
    signal?.throwIfAborted();
    const warnings = judge(facts, bytes, end);
    await file.sync();
    await rename(partPath, outPath);
    await syncFolder(dirname(outPath));
    const quality = soundQuality(loudness, bandwidthHz);
    return { samples: loudness.samples, sha256, loudness, peaks, quality, warnings };
  } catch (error) {
    ffmpeg?.kill();
    await ffmpeg?.ended;
    if (file) await rm(partPath, { force: true });
    signal?.throwIfAborted();
    throw asDiskError(error, outPath);
  } finally {
    await file?.close();
  }
}

/** A new file, never an old one emptied: an ffmpeg that outlived its runner by a moment may still write into that. */
async function createAnew(path: string): Promise<FileHandle> {
  await rm(path, { force: true });
  return open(path, 'wx+', 0o600);
}

/** Takes in what ffmpeg writes, until it has ended. */
async function listen(file: FileHandle, ffmpeg: RunningFfmpeg, facts: AudioProbe, options: DecodeOptions) {
  const { signal, onProgress } = options;
  const hash = createHash('sha256');
  const meter = new LoudnessMeter(facts.durationSeconds);
  const bandwidth = new BandwidthMeter();
  const peaks = new PeakMeter();
  const take = (bytes: Uint8Array) => {
    signal?.throwIfAborted();
    hash.update(bytes);
    meter.push(bytes);
    bandwidth.push(bytes);
    peaks.push(bytes);
  };
  let bytes = 0;
  let nextProgress = PROGRESS_STEP_SECONDS;
  for await (bytes of follow(file, ffmpeg.ended, take)) {
    const decodedSeconds = bytes / BYTES_PER_SECOND;
    if (decodedSeconds < nextProgress) continue;
    onProgress?.(decodedSeconds);
    nextProgress = decodedSeconds + PROGRESS_STEP_SECONDS;
  }
  return {
    sha256: hash.digest('hex'),
    loudness: meter.finish(),
    peaks: peaks.finish(),
    bandwidthHz: bandwidth.finish(),
    bytes,
  };
}

interface FfmpegEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What ffmpeg complained about while it decoded. */
  complaints: number;
  firstComplaint: string | undefined;
  /** Silence it put into holes, in samples at the recording's own rate. */
  filledSamples: number;
  /** What it handed to the output file, in bytes; undefined when it did not say. */
  muxedBytes: number | undefined;
  /** The errno of a complaint about the disk. */
  diskCode: string | undefined;
  stderrTail: string[];
  /** Why ffmpeg could not be started. */
  startError: Error | undefined;
}

interface RunningFfmpeg {
  /** Settles when ffmpeg is gone and all it wrote was read. Never rejects. */
  ended: Promise<FfmpegEnd>;
  kill(): void;
}

/** Its stdout is the file: what it writes never passes through this process. */
function startFfmpeg(args: readonly string[], file: FileHandle, options: DecodeOptions): RunningFfmpeg {
  const child = spawnLimited(requireProgram('ffmpeg'), args, { stdio: ['ignore', file.fd, 'pipe'] });
  const kill = () => void child.kill('SIGKILL');
  options.signal?.addEventListener('abort', kill, { once: true });
  const end: FfmpegEnd = {
    code: null,
    signal: null,
    complaints: 0,
    firstComplaint: undefined,
    filledSamples: 0,
    muxedBytes: undefined,
    diskCode: undefined,
    stderrTail: [],
    startError: undefined,
  };
  readLines(child.stderr as Readable, (line) => {
    const filled = /adding (\d+) audio samples of silence/.exec(line);
    if (filled) end.filledSamples += Number(filled[1]);
    const muxed = /Total: \d+ packets \((\d+) bytes\) muxed/.exec(line);
    if (muxed) end.muxedBytes = Number(muxed[1]);
    const complaint = /\[(?:error|fatal|panic)\] (.*)/.exec(line)?.[1];
    // This one is said about the output: the echo of a hole.
    if (!complaint || /non monotonically increasing dts/.test(complaint)) return;
    end.complaints++;
    end.diskCode ??= DISK_COMPLAINTS.find(({ words }) => words.test(complaint))?.code;
    end.firstComplaint ??= complaint;
    end.stderrTail.push(line);
    if (end.stderrTail.length > STDERR_TAIL_LINES) end.stderrTail.shift();
    options.onLine?.(line);
  });
  return { ended: endOf(child, end, kill, options.signal), kill };
}

function endOf(child: ChildProcess, end: FfmpegEnd, kill: () => void, abort: AbortSignal | undefined) {
  return new Promise<FfmpegEnd>((resolve) => {
    child.on('error', (error) => {
      end.startError = error;
    });
    child.on('close', (code, signal) => {
      abort?.removeEventListener('abort', kill);
      resolve({ ...end, code, signal });
    });
  });
}

/** What the end of ffmpeg means: an error, or the warnings that go with the transcript. */
function judge(facts: AudioProbe, decodedBytes: number, end: FfmpegEnd): string[] {
  if (end.startError) throw end.startError;
  const decodedSeconds = decodedBytes / BYTES_PER_SECOND;
  const name = named(facts.path);
  const evidence = `ffmpeg ended with ${end.signal ?? end.code}. ${end.stderrTail.join('\n')}`;
  if (end.signal || end.code === STOPPED_BY_SIGNAL) {
    const killed = end.signal === 'SIGKILL';
    throw new LonghandError({
      kind: killed ? 'memory' : 'unknown',
      message: `ffmpeg was ended by ${end.signal ?? 'a signal'} while it decoded ${name}.`,
      remedy: killed
        ? 'Perhaps memory ran out: free some, then go on: longhand retry ID'
        : 'Go on with it: longhand retry ID',
      evidence,
    });
  }
  requireAllWritten(decodedBytes, end);
  if (decodedSeconds === 0 && (end.code !== 0 || end.complaints > 0)) {
    throw new InputError(
      `${name} holds no sound that can be decoded: ${end.firstComplaint ?? 'ffmpeg gives no reason'}.`,
      {
        evidence,
      },
    );
  }
  const promised = facts.durationEstimated ? undefined : facts.durationSeconds;
  const missing = Math.max(0, (promised ?? 0) - decodedSeconds);
  const filled = Math.max(0, end.filledSamples / facts.sampleRateHz - facts.startSeconds);
  const complained = end.complaints > 0 || end.code !== 0;
  const holes = complained || GAPLESS_FORMATS.has(facts.formatName) ? filled : 0;
  const lost = missing + holes;
  if (!complained && lost < LOSS_TOLERANCE_SECONDS) return [];
  const decoded = `${(decodedSeconds - holes).toFixed(1)} s could be decoded`;
  if (!complained && holes === 0) {
    return [`${name} is cut off: ${lost.toFixed(1)} seconds are lost at its end, ${decoded}.`];
  }
  const complaint = end.firstComplaint ?? (end.code === 0 ? 'sound is missing in between' : `exit code ${end.code}`);
  const damage = `${name} is damaged (ffmpeg: ${complaint.replace(/[.!]$/, '')})`;
  return lost < LEAST_LOSS_SECONDS
    ? [`${damage}: 0 seconds are lost, but words near the damage may be wrong.`]
    : [`${damage}: ${lost.toFixed(1)} seconds are lost, ${decoded}.`];
}

/** Sizes count, not the exit code: ffmpeg 5 ends with 0 when only its last bytes find no room on the disk. */
function requireAllWritten(bytes: number, end: FfmpegEnd): void {
  if (end.diskCode) throw Object.assign(new Error(end.firstComplaint), { code: end.diskCode });
  if (end.muxedBytes === undefined || end.muxedBytes <= bytes) return;
  const reason = end.firstComplaint ?? 'it gives no reason';
  throw new DiskError(
    `Only ${bytes} of ${end.muxedBytes} decoded bytes could be written (ffmpeg: ${reason}).`,
    'Look after the disk, then resume the job.',
  );
}

function asDiskError(error: unknown, path: string): unknown {
  const report = reportOf(error);
  if (report.kind !== 'disk' || error instanceof LonghandError) return error;
  return new DiskError(`${report.message} Decoding into ${path} stopped.`, report.remedy ?? 'Free some space.');
}
