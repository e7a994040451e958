/**
 * What the players of browsers can do with a recording as it is, and a copy of it where that is not enough.
 *
 * A player needs a container and a codec that it knows, and must find a moment in the file: whoever clicks on a word wants
 * to hear that word. So a file that does not say how long it is (AAC without a container, what browsers themselves record)
 * gets a copy too. What browsers know: https://developer.mozilla.org/docs/Web/Media/Guides/Formats/Containers.
 */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError, LonghandError } from '../domain/errors.ts';
import { syncFolder } from '../files/directory.ts';
import { type AudioProbe, named, probe } from './probe.ts';
import { makeOfSound, type SoundOptions } from './sound-of.ts';

/** What copies are: Opus in WebM, which the browsers of the last years play. */
export const COPY_MEDIA_TYPE = 'audio/webm';
const COPY_BITS_PER_SECOND = { mono: 40_000, stereo: 64_000 };
/** Six days of sound; what is longer was made to fill the disk. */
const COPY_MOST_BYTES = 4 * 1024 ** 3;

interface Playable {
  mediaType: string;
  /** With pictures beside the sound; where it is not given, such a file is not played as it is. */
  filmType?: string;
  codecs: readonly string[];
}

/** By the name that ffmpeg gives to the format. */
const PLAYABLE: Readonly<Record<string, Playable>> = {
  wav: { mediaType: 'audio/wav', codecs: ['pcm_u8', 'pcm_s16le', 'pcm_s24le', 'pcm_f32le'] },
  mp3: { mediaType: 'audio/mpeg', codecs: ['mp3'] },
  flac: { mediaType: 'audio/flac', codecs: ['flac'] },
  ogg: { mediaType: 'audio/ogg', codecs: ['opus', 'vorbis', 'flac'] },
  'mov,mp4,m4a,3gp,3g2,mj2': { mediaType: 'audio/mp4', filmType: 'video/mp4', codecs: ['aac', 'mp3'] },
  'matroska,webm': { mediaType: 'audio/webm', filmType: 'video/webm', codecs: ['opus', 'vorbis'] },
};

/** Where Matroska says that it is WebM: the element DocType (0x4282) of four bytes (RFC 8794, 11.2.7). */
const WEBM = Buffer.from('\x42\x82\x84webm', 'latin1');
const DOC_TYPE_WITHIN_BYTES = 4_096;

/**
 * The media type of a recording that browsers play as it is; undefined for any other.
 * @throws as `probe`
 */
export async function playableAs(path: string, options: { signal?: AbortSignal } = {}): Promise<string | undefined> {
  const facts = await probe(path, options);
  const type = typeOf(facts);
  return facts.formatName.startsWith('matroska') && !(await isWebm(path)) ? undefined : type;
}

function typeOf(facts: AudioProbe): string | undefined {
  const { formatName, codec, hasVideo, durationSeconds, durationEstimated } = facts;
  const known = Object.hasOwn(PLAYABLE, formatName) ? PLAYABLE[formatName] : undefined;
  if (!known?.codecs.includes(codec) || durationSeconds === undefined || durationEstimated) return undefined;
  return hasVideo ? known.filmType : known.mediaType;
}

async function isWebm(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(DOC_TYPE_WITHIN_BYTES), 0, DOC_TYPE_WITHIN_BYTES, 0);
    return buffer.subarray(0, bytesRead).includes(WEBM);
  } finally {
    await file.close();
  }
}

/**
 * Makes a copy that browsers play: the first sound track in mono or stereo, at the times that the transcript has. It is written
 * aside (`${outPath}.part`), synced and renamed; where this throws, neither of the two is left.
 * @throws as `probe` and `makeOfSound`
 */
export async function makePlayable(path: string, outPath: string, options: SoundOptions = {}): Promise<void> {
  const { channels } = await probe(path, options.signal ? { signal: options.signal } : {});
  const rate = channels > 1 ? COPY_BITS_PER_SECOND.stereo : COPY_BITS_PER_SECOND.mono;
  const partPath = `${outPath}.part`;
  try {
    // As private as what it is a copy of; ffmpeg keeps the mode of a file that is there.
    await rm(partPath, { force: true });
    await (await open(partPath, 'wx', 0o600)).close();
    const output = [
      ...['-ac', channels > 1 ? '2' : '1', '-af', 'aresample=48000:async=1:first_pts=0'],
      // Speech sounds the same at the least effort, and somebody is waiting.
      ...['-c:a', 'libopus', '-b:a', String(rate), '-compression_level', '0'],
      ...['-fs', String(COPY_MOST_BYTES), '-f', 'webm', `file:${partPath}`],
    ];
    await makeOfSound(path, output, () => undefined, options);
    if (!((await probe(partPath)).durationSeconds ?? 0)) {
      throw new InputError(`${named(path)} holds no sound that can be decoded.`);
    }
    const file = await open(partPath, 'r+');
    try {
      const { size } = await file.stat();
      if (size >= COPY_MOST_BYTES) {
        throw new LonghandError({ kind: 'input', message: `${named(path)} is too long to be played.` });
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partPath, outPath);
    await syncFolder(dirname(outPath));
  } catch (error) {
    await rm(partPath, { force: true });
    throw error;
  }
}

/** About how many bytes a copy takes. */
export function copyBytes(durationSeconds: number): number {
  return Math.ceil((durationSeconds * COPY_BITS_PER_SECOND.stereo) / 8);
}
