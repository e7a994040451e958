import { InputError } from '../domain/errors.ts';
import { SAMPLE_RATE_HZ } from './loudness.ts';
import { PeakMeter, type Peaks } from './peaks.ts';
import { named } from './probe.ts';
import { makeOfSound, type SoundOptions } from './sound-of.ts';

/**
 * The peaks of a recording that nobody has decoded yet: the same as those that `decode` measures on its way. The sound streams
 * through; none of it is kept.
 * @throws as `makeOfSound`; InputError when there is not one sample
 */
export async function measureWaveform(path: string, options: SoundOptions = {}): Promise<Peaks> {
  const meter = new PeakMeter();
  const output = ['-ac', '1', '-af', `aresample=${SAMPLE_RATE_HZ}:async=1:first_pts=0`, '-f', 's16le', 'pipe:1'];
  await makeOfSound(path, output, (bytes) => meter.push(bytes), options);
  const measured = meter.finish();
  if (measured.peaks.length === 0) throw new InputError(`${named(path)} holds no sound that can be decoded.`);
  return measured;
}
