/** What becomes of a record when its process has ended, or is not ours to look after any more. */
import { reportOf } from '../domain/errors.ts';
import { isAlive } from './identity.ts';
import { isTreeAlive } from './kill-tree.ts';
import { isSame, type RegisteredProcess, treeOf } from './process-registry.ts';
import type { ProcessTable } from './process-table.ts';

/** What a process said before it ended is waited for this long: what it started may hold its output open. */
const OUTPUT_MS = 1_000;

/** A process was seen to have ended: settles that when it is the job's turn. A failure is told. */
export function noteEnd(table: ProcessTable, entry: RegisteredProcess): void {
  settleInTurn(table, entry).catch((error) => {
    table.problems.tell(`The end of the process of job ${entry.jobId} was not noted: ${reportOf(error).message}`);
  });
}

/** As `settle`, when it is the job's turn. */
export function settleInTurn(table: ProcessTable, entry: RegisteredProcess): Promise<boolean> {
  return table.turns.hold(entry.jobId, () => settle(table, entry));
}

/**
 * Forgets a process that is gone, and waits for its last words. As long as anything of its tree lives that can be told
 * to be its, it stays recorded, so that it can be found and ended. To be called in the job's turn.
 * @returns whether its record was removed
 */
export async function settle(table: ProcessTable, entry: RegisteredProcess): Promise<boolean> {
  if (isAlive(entry.identity)) return false;
  const held = table.held.get(entry.jobId);
  const ours = held && isSame(held.entry.identity, entry.identity) ? held : undefined;
  void ours?.stop();
  if (isTreeAlive(treeOf(entry))) return false;
  if (ours) table.drop(ours);
  const removed = await table.askIfPossible((registry) => registry.remove(entry.jobId, entry.identity));
  await ours?.output?.ended(OUTPUT_MS);
  return removed ?? false;
}

/** Forgets the process of a job, which goes on. If it has ended, its last words are waited for. @returns whether there was one */
export async function unregister(table: ProcessTable, jobId: string): Promise<boolean> {
  return await table.turns.hold(jobId, async () => {
    const held = table.held.get(jobId);
    if (held) table.drop(held);
    const removed = await table.askIfPossible((registry) => registry.remove(jobId));
    if (held && !isTreeAlive(treeOf(held.entry))) await held.output?.ended(OUTPUT_MS);
    return held !== undefined || removed === true;
  });
}
