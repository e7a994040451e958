import { createReadStream } from 'node:fs';
import { type Loudness, LoudnessMeter } from '../../src/audio/loudness.ts';

/** Measures a decoded file (signed 16-bit little-endian mono at 16 kHz): what decoding it must have given. */
export async function measureLoudness(rawPath: string): Promise<Loudness> {
  const meter = new LoudnessMeter();
  for await (const bytes of createReadStream(rawPath)) meter.push(bytes as Buffer);
  return meter.finish();
}
