/** Ends the recorded processes of jobs; each that is ended is named in its job's log. */
import { signalProcess } from './identity.ts';
import { inWords, isTreeAlive, type KillReport, killTree } from './kill-tree.ts';
import { settleInTurn } from './process-end.ts';
import { type RegisteredProcess, treeOf } from './process-registry.ts';
import type { ProcessTable } from './process-table.ts';

/**
 * Sends TERM, or KILL by force, to the process of a job alone. A stopped one is continued, so that it can heed it.
 * @returns whether the signal was sent
 */
export async function killRecorded(table: ProcessTable, jobId: string, force: boolean): Promise<boolean> {
  const entry = await table.find(jobId);
  if (!entry || entry.identity.pid === process.pid) return false;
  const signal = force ? 'SIGKILL' : 'SIGTERM';
  if (!signalProcess(entry.identity, signal)) return false;
  signalProcess(entry.identity, 'SIGCONT');
  table.held.get(jobId)?.output?.note('INFO', `${signal} was sent to process ${entry.identity.pid}`);
  return true;
}

/** Ends the process of a job and its tree, and settles its record. @returns whether there was anything to end, and it is gone */
export async function killRecordedTree(table: ProcessTable, jobId: string, graceMs: number): Promise<boolean> {
  const entry = await table.find(jobId);
  if (!entry) return false;
  const report = mayBeKilled(entry) ? await endTree(table, entry, graceMs) : undefined;
  await settleInTurn(table, entry);
  return report?.gone ?? false;
}

/** Whether there is anything of a record that is surely ours; never the calling process. */
export function mayBeKilled(entry: RegisteredProcess): boolean {
  return entry.identity.pid !== process.pid && isTreeAlive(treeOf(entry));
}

/** Ends the tree of a recorded process. What could not be ended is told. */
export async function endTree(table: ProcessTable, entry: RegisteredProcess, graceMs: number): Promise<KillReport> {
  const { jobId, identity } = entry;
  // Kept open: what is said of the end comes after the end.
  const output = table.held.get(jobId)?.output?.retain();
  const report = await killTree(treeOf(entry), table.clock, graceMs);
  for (const sentence of inWords(report)) output?.note('INFO', sentence);
  output?.release();
  if (!report.gone) {
    table.problems.tell(`Not all processes of job ${jobId} (pid ${identity.pid}) could be ended.`, 'ERROR');
  }
  return report;
}
