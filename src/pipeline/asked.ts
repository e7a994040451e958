import { ENGINE_NAMES } from '../engines/engine.ts';
import type { JobParameters } from './order.ts';

const ENGINES: readonly unknown[] = ENGINE_NAMES;

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;
const isSeconds = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** What each of them is, where a row says it. */
const IS_SOUND: { [K in keyof Required<JobParameters>]: (value: unknown) => boolean } = {
  engine: (value) => ENGINES.includes(value),
  model: isText,
  language: isText,
  processes: isCount,
  workers: isCount,
  preprocessWorkers: isCount,
  chunkDurationSeconds: (value) => isSeconds(value) && (value as number) > 0,
  overlapSeconds: isSeconds,
  chunkTimeoutSeconds: (value) => isSeconds(value) && (value as number) > 0,
};
/** Without these no run can be ordered. */
const NEEDED = ['engine', 'model', 'language', 'processes', 'workers', 'preprocessWorkers', 'overlapSeconds'] as const;

/**
 * What the row of a job says was asked for. Our own rows say all of it; rows of other programs may say nothing, or something
 * else altogether.
 */
export function askedIn(parameters: string | null): Partial<JobParameters> {
  const kept = Object.entries(objectIn(parameters)).filter(([name, value]) =>
    IS_SOUND[name as keyof JobParameters]?.(value),
  );
  return Object.fromEntries(kept);
}

/** Whether it says enough to work by. */
export function saysAll(asked: Partial<JobParameters>): asked is JobParameters {
  return NEEDED.every((name) => asked[name] !== undefined);
}

function objectIn(text: string | null): object {
  try {
    return Object(JSON.parse(text ?? '{}')) as object;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
