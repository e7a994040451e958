/** Begins and ends the watch over the processes of jobs. */
import { isAlive } from './identity.ts';
import type { JobOutput } from './job-output.ts';
import { noteEnd } from './process-end.ts';
import { isSame, type RegisteredProcess } from './process-registry.ts';
import type { ProcessTable } from './process-table.ts';
import { ProcessWatch } from './process-watch.ts';
import type { Usage } from './usage.ts';

/** What a watch has to do beside noting that the process lives. */
export interface WatchDuties {
  /** Undefined where another instance writes the log. */
  output?: JobOutput | undefined;
  onSample?: ((usage: Usage) => void | Promise<void>) | undefined;
}

/** Holds a process instead of what was held for its job before. It is watched once the watch is started. */
export function holdProcess(table: ProcessTable, entry: RegisteredProcess, duties: WatchDuties = {}): ProcessWatch {
  const { clock, registry, timeoutMs, problems, delays, held } = table;
  const { jobId } = entry;
  const before = held.get(jobId);
  if (before) table.drop(before);
  const watch: ProcessWatch = new ProcessWatch({
    entry,
    output: duties.output,
    onSample: duties.onSample,
    clock,
    registry,
    timeoutMs,
    onBeat: (delaySeconds) => delays.noteMonitor(jobId, delaySeconds),
    onEnd: (why) => (why === 'gone' ? noteEnd(table, entry) : table.drop(watch)),
    onProblem: (sentence) => problems.tell(sentence),
  });
  held.set(jobId, watch);
  return watch;
}

/** Watches the recorded process of a job at this interval. @returns whether it is watched; false when it does not run */
export async function watchRecorded(table: ProcessTable, jobId: string, intervalSeconds: number): Promise<boolean> {
  return await table.turns.hold(jobId, async () => {
    const entry = await table.find(jobId);
    if (table.isClosing || !entry || !isAlive(entry.identity)) return false;
    const held = table.held.get(jobId);
    const watch = held && isSame(held.entry.identity, entry.identity) ? held : holdProcess(table, entry);
    watch.start(intervalSeconds);
    return true;
  });
}

/** Holds the process of a job on, but watches it no longer. @returns whether it was watched */
export async function stopWatching(table: ProcessTable, jobId: string): Promise<boolean> {
  return await table.turns.hold(jobId, async () => (await table.held.get(jobId)?.stop()) ?? false);
}
