/** How many calls of this process want each job, by data folder and number. */
const wanted = new Map<string, number>();

/** One call's interest in a job. */
export interface Caller {
  /** No other call of this process wants the job. */
  alone(): boolean;
  leave(): void;
}

/** Says that a call wants a job, so that another one that is aborted does not stop it. */
export function wantJob(dataDir: string, jobId: number): Caller {
  const key = `${jobId} ${dataDir}`;
  const add = (change: number) => {
    const count = (wanted.get(key) ?? 0) + change;
    if (count > 0) wanted.set(key, count);
    else wanted.delete(key);
  };
  add(1);
  return { alone: () => wanted.get(key) === 1, leave: () => add(-1) };
}
