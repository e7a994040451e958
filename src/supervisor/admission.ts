import type { Candidate } from './candidate.ts';
import type { ProcessIdentity } from './identity.ts';
import { isTreeAlive } from './kill-tree.ts';
import { isSame, type RegisteredProcess, treeOf } from './process-registry.ts';
import type { ProcessTable } from './process-table.ts';

/** A process that may be registered. `joins`: its record, which another instance made. */
export interface Admitted {
  type: 'admitted';
  identity: ProcessIdentity;
  joins: RegisteredProcess | undefined;
}

/** `spare`: it belongs to somebody else, so it is not ended. */
export interface Refused {
  type: 'refused';
  why: string;
  spare: boolean;
  /** What failed, where it was a failure and no decision. */
  error?: unknown;
}

/** `held`: this instance watches it already, and there is nothing left to do. */
export type Admission = Admitted | Refused | { type: 'held' };

/**
 * Whether a process may be registered for a job, as far as that can be told beforehand. A job has one process, a process
 * works on one job, and a token belongs to one job.
 * @throws when the registry cannot be asked
 */
export async function admit(table: ProcessTable, jobId: string, candidate: Candidate): Promise<Admission> {
  const { identity } = candidate;
  if (!identity) return refusal('It does not run.');
  const held = table.held.get(jobId);
  if (held && isSame(held.entry.identity, identity)) return { type: 'held' };
  const taken = takenElsewhere(table, jobId, identity, candidate.token);
  if (taken) return refusal(taken, true);
  if (table.isClosing) return refusal('The process manager is closed.');
  const before = (await table.ask((registry) => registry.get(jobId))) ?? held?.entry;
  if (before && isSame(before.identity, identity)) return { type: 'admitted', identity, joins: before };
  if (!before || !isTreeAlive(treeOf(before))) return { type: 'admitted', identity, joins: undefined };
  return refusal(`Process ${before.identity.pid} or what it started still lives; end it with killProcessTree.`);
}

export function refusal(why: string, spare = false): Refused {
  return { type: 'refused', why, spare };
}

/** @returns why, when the process or its token belongs to another job that this instance holds */
function takenElsewhere(
  { held }: ProcessTable,
  jobId: string,
  identity: ProcessIdentity,
  token: string | undefined,
): string | undefined {
  for (const { entry } of held.values()) {
    if (entry.jobId === jobId) continue;
    if (isSame(entry.identity, identity)) return `It works on job ${entry.jobId}.`;
    if (token && entry.token === token) return `Its run token is that of job ${entry.jobId}: make one for each job.`;
  }
  return undefined;
}
