/** Looks at a recording before anything is done with it: is it one, how long, which sound. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError, LonghandError } from '../domain/errors.ts';
import { OUT_OF_MEMORY, type ProgramResult, requireProgram, runToEnd, safeInput } from './ffmpeg.ts';
import { whatElse } from './recording-formats.ts';
import { promisedWavSeconds } from './wav-header.ts';

const PROBE_TIMEOUT_MS = 60_000;
/** So much of a file's beginning is looked at to tell a text file from a recording. */
const TEXT_SAMPLE_BYTES = 4_096;
const EVIDENCE_CHARS = 2_000;
/** No more of a file's own words than is used: a title may be as long as the file. */
const WANTED =
  'format=format_name,duration,start_time:stream=codec_type,codec_name,channels,sample_rate,duration,start_time' +
  ':stream_disposition=attached_pic:stream_tags=DURATION';
/** By these a program ends that has a fault: the file is one that it cannot stand. */
const CRASHES: readonly (NodeJS.Signals | null)[] = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP'];

export interface AudioProbe {
  path: string;
  /**
   * Where the file says its sound ends, counted from the start of the file, even when some of it is missing: a cut-off WAV's own header beats what is left
   * of it. Undefined when the file does not say, as a browser's webm does not.
   */
  durationSeconds: number | undefined;
  /** True when `durationSeconds` is a guess from the bit rate (an mp3 without header, AAC in ADTS), which proves no loss. */
  durationEstimated: boolean;
  /** Seconds by which the sound starts later than the file, as in a video that begins mute. */
  startSeconds: number;
  channels: number;
  sampleRateHz: number;
  /** As ffmpeg names it: `mp3`, `pcm_s16le`, `aac`. */
  codec: string;
  /** As ffmpeg names it: `wav`, `mov,mp4,m4a,3gp,3g2,mj2`. */
  formatName: string;
  sizeBytes: number;
  /** True for a film; a cover picture does not count. */
  hasVideo: boolean;
}

/** The parts of `ffprobe -of json` that are used. All values that could be missing are optional; numbers come as text. */
interface FfprobeAnswer {
  format?: { format_name?: string; duration?: string; start_time?: string };
  streams?: {
    codec_type?: string;
    codec_name?: string;
    channels?: number;
    sample_rate?: string;
    duration?: string;
    start_time?: string;
    disposition?: { attached_pic?: number };
    tags?: Record<string, string>;
  }[];
}

/**
 * Reads what a recording is, by ffprobe. Opens no other file and no connection, whatever the file says.
 * @param path may hold any character.
 * @throws InputError, naming the file and the reason, for everything that cannot become a transcript: missing, not
 *   readable, no regular file, empty, text, garbage, a playlist, cut off before its index, without sound.
 * @throws LonghandError when ffprobe is missing (with the remedy) or does not answer in time (kind `timeout`).
 */
export async function probe(
  path: string,
  options: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<AudioProbe> {
  const ffprobe = requireProgram('ffprobe');
  const looks = await readBeginning(path);
  const { sizeBytes, promisedSeconds } = looks;
  const result = await runToEnd(
    ffprobe,
    ['-v', 'warning', '-of', 'json', '-show_entries', WANTED, ...safeInput(path)],
    options.timeoutMs ?? PROBE_TIMEOUT_MS,
    options.signal,
  );
  const answer = parseAnswer(result.stdout);
  const sound = answer.streams?.find((stream) => stream.codec_type === 'audio');
  const hasVideo = (answer.streams ?? []).some((s) => s.codec_type === 'video' && s.disposition?.attached_pic !== 1);
  if (CRASHES.includes(result.signal)) throw bad(path, 'cannot be looked at: ffprobe crashes over it', result);
  if (result.signal) throw interrupted(path, result);
  if (result.code !== 0 || !answer.format) throw unreadable(path, result, looks);
  if (!sound && hasVideo) throw bad(path, 'has pictures but no sound', result);
  if (!sound?.channels || !Number(sound.sample_rate)) throw unreadable(path, result, looks);

  const startSeconds = Math.max(0, (seconds(sound.start_time) ?? 0) - (seconds(answer.format.start_time) ?? 0));
  const ownSeconds = seconds(sound.duration);
  const probedSeconds =
    ownSeconds === undefined ? (tagSeconds(sound.tags) ?? seconds(answer.format.duration)) : startSeconds + ownSeconds;
  return {
    path,
    durationSeconds: promisedSeconds ?? probedSeconds,
    // A film's length says nothing about its sound's when the sound does not tell its own.
    durationEstimated:
      promisedSeconds === undefined &&
      (/Estimating duration from bitrate/.test(result.stderr) || (hasVideo && !ownSeconds && !tagSeconds(sound.tags))),
    startSeconds,
    channels: sound.channels,
    sampleRateHz: Number(sound.sample_rate),
    codec: sound.codec_name ?? 'unknown',
    formatName: answer.format.format_name ?? 'unknown',
    sizeBytes,
    hasVideo,
  };
}

interface Beginning {
  sizeBytes: number;
  /** See `promisedWavSeconds`. */
  promisedSeconds: number | undefined;
  likeText: boolean;
  likeMp4: boolean;
}

async function readBeginning(path: string): Promise<Beginning> {
  let file: FileHandle | undefined;
  try {
    const found = await stat(path); // Before it is opened: opening a FIFO would wait for somebody to write into it.
    if (found.isDirectory()) throw new InputError(`${named(path)} is a folder, not a recording.`);
    if (!found.isFile()) throw new InputError(`${named(path)} is not a regular file.`);
    if (found.size === 0) throw new InputError(`${named(path)} is empty (0 bytes).`);
    file = await open(path, 'r');
    const beginning = Buffer.alloc(Math.min(TEXT_SAMPLE_BYTES, found.size));
    await file.read(beginning, 0, beginning.length, 0);
    return {
      sizeBytes: found.size,
      promisedSeconds: await promisedWavSeconds(file, found.size),
      likeText: isText(beginning),
      likeMp4: beginning.toString('latin1', 4, 8) === 'ftyp', // ISO/IEC 14496-12, File Type Box
    };
  } catch (error) {
    const reason = READ_ERRORS[(error as NodeJS.ErrnoException).code ?? ''];
    throw reason ? new InputError(`${named(path)} ${reason}.`) : error;
  } finally {
    await file?.close();
  }
}

const READ_ERRORS: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  EIO: 'cannot be read: the disk reports an error',
  ELOOP: 'cannot be read: it is a link that leads to itself',
  ENAMETOOLONG: 'cannot be read: its name is too long',
};

/** UTF-8 without control characters, allowing for a character that the sample cuts in two. */
function isText(bytes: Buffer): boolean {
  const text = bytes.toString('utf8').replace(/\uFFFD$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells binary data from text.
  return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f\uFFFD]/.test(text);
}

function parseAnswer(json: string): FfprobeAnswer {
  try {
    return JSON.parse(json) as FfprobeAnswer;
  } catch {
    return {}; // No answer at all: the exit code and stderr say why, and the caller turns them into the reason.
  }
}

function seconds(text: string | undefined): number | undefined {
  const value = Number.parseFloat(text ?? '');
  return Number.isFinite(value) ? value : undefined;
}

/** Matroska keeps a track's length in a tag: `00:00:48.243000000`. */
function tagSeconds(tags: Record<string, string> | undefined): number | undefined {
  const parts = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(tags?.DURATION ?? '');
  return parts ? Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]) : undefined;
}

function unreadable(path: string, result: ProgramResult, looks: Beginning): InputError {
  if (looks.likeMp4 && /moov atom not found/.test(result.stderr)) {
    const more = { remedy: 'Copy it again from where it was recorded.', evidence: evidenceOf(result) };
    return new InputError(`${named(path)} is cut off: the index at its end (moov atom) is missing.`, more);
  }
  if (OUT_OF_MEMORY.test(result.stderr)) {
    return bad(path, 'cannot be looked at: it would take more memory than any recording', result);
  }
  const format = /^\[([\w-]+)\S* @ .* not on whitelist/m.exec(result.stderr)?.[1];
  const what = format === undefined ? undefined : whatElse(format);
  // Subtitles, scripts and what draws texts as pictures: to whoever handed it in it is a text.
  if (what !== undefined && !(looks.likeText && what.startsWith('is no'))) return bad(path, what, result);
  if (looks.likeText) return bad(path, 'is a text file, not a recording', result);
  return bad(path, 'is not an audio or video file that ffmpeg can read', result);
}

function bad(path: string, reason: string, result: ProgramResult): InputError {
  return new InputError(`${named(path)} ${reason}.`, { evidence: evidenceOf(result) });
}

function interrupted(path: string, result: ProgramResult): LonghandError {
  const message = `ffprobe was ended by ${result.signal} while it looked at ${named(path)}.`;
  return new LonghandError({ kind: 'unknown', message, evidence: evidenceOf(result) });
}

/** The list of allowed formats is long and tells nothing. */
function evidenceOf(result: ProgramResult): string {
  const stderr = result.stderr.replace(/not on whitelist '[^']*'?/g, 'not allowed').trim();
  return `ffprobe ended with ${result.code}. ${stderr}`.slice(0, EVIDENCE_CHARS);
}

/** A file's name as it stands in messages: in quotes, on one line. */
export function named(path: string): string {
  return JSON.stringify(basename(path));
}
