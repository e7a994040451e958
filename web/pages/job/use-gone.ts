import { useEffect, useState } from 'react';
import type { JobProcess } from '../../api-types.ts';

/** Between two runs, and before the first process is there, one look finds nothing; two in a row mean something. */
const LOOKS = 2;

/** Whether the process of a job that is said to be worked on is no longer there. */
export function useGone(process: JobProcess | undefined): boolean {
  const [missed, setMissed] = useState(0);
  useEffect(() => {
    setMissed((before) => (process && !process.running && process.pid !== null ? before + 1 : 0));
  }, [process]);
  return missed >= LOOKS;
}
