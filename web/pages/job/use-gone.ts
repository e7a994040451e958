import { useEffect, useState } from 'react';
import type { JobProcess } from '../../api-types.ts';

/** Between two runs, and before the first process is there, one look finds nothing; two in a row mean something. */
const LOOKS = 2;

/**
 * Whether the process of a job that is said to be worked on is no longer there.
 * @param lookedAt when that was found, in milliseconds since the epoch
 */
export function useGone(process: JobProcess | undefined, lookedAt: number): boolean {
  const [missed, setMissed] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each look counts, also one that finds the same
  useEffect(() => {
    setMissed((before) => (process && !process.running && process.pid !== null ? before + 1 : 0));
  }, [process, lookedAt]);
  return missed >= LOOKS;
}
