import { cleanupLogs } from '../logs/retention.ts';
import type { ProcessTable } from './process-table.ts';

/**
 * Deletes logs that were not written to for some days, rotated parts included; those of registered processes stay.
 * @returns how many files that were, and their size in bytes
 * @throws when the registry cannot be asked who is registered
 */
export async function cleanupOldLogs(table: ProcessTable, days: number): Promise<{ files: number; bytes: number }> {
  const entries = await table.ask((registry) => registry.list());
  const registered = new Set(entries.map(({ jobId }) => jobId));
  const spare = (jobId: string) => registered.has(jobId) || table.held.has(jobId) || table.outputs.has(jobId);
  return await cleanupLogs(table.logDir, { now: table.clock.now(), days, spare });
}
