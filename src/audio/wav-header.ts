/**
 * What a WAV file says about its own length. A WAV that was cut off still plays, and ffprobe then reports the shortened
 * length as if nothing were missing; only the size in the header tells what there once was.
 * Layout: Microsoft RIFF/WAVE; RF64 with its `ds64` chunk as in EBU Tech 3306.
 */
import type { FileHandle } from 'node:fs/promises';

/** More chunks than this before `data` is no WAV that anybody wrote. */
const MAX_CHUNKS = 100;

/**
 * The length in seconds that the header promises, when it promises more than the file holds; else undefined (also for
 * whatever is no WAV). Sizes that programs write when they cannot know (0, 2³¹ and 2³² less a little) promise nothing.
 */
export async function promisedWavSeconds(file: FileHandle, sizeBytes: number): Promise<number | undefined> {
  const header = Buffer.alloc(36);
  const read = async (length: number, position: number) =>
    (await file.read(header, 0, length, position)).bytesRead === length;

  if (!(await read(12, 0)) || header.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  const magic = header.toString('latin1', 0, 4);
  if (magic !== 'RIFF' && magic !== 'RF64') return undefined;
  let bytesPerSecond = 0;
  let longDataBytes: number | undefined;
  let position = 12;
  for (let n = 0; n < MAX_CHUNKS && (await read(8, position)); n++) {
    const id = header.toString('latin1', 0, 4);
    const length = header.readUInt32LE(4);
    const body = position + 8;
    if (id === 'data') {
      const promised = longDataBytes ?? length;
      if (bytesPerSecond === 0 || isPlaceholder(promised) || body + promised <= sizeBytes) return undefined;
      return promised / bytesPerSecond;
    }
    if (id === 'fmt ' && (await read(16, body))) bytesPerSecond = header.readUInt32LE(8);
    if (id === 'ds64' && (await read(16, body))) longDataBytes = Number(header.readBigUInt64LE(8));
    position = body + length + (length % 2);
  }
  return undefined;
}

function isPlaceholder(dataBytes: number): boolean {
  const near = (power: number) => dataBytes > power - 4096 && dataBytes <= power;
  return dataBytes === 0 || near(2 ** 31) || near(2 ** 32);
}
