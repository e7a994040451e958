/**
 * A lease is a node's right to work on a job for a while.
 *
 * Claiming a job writes three things in one transaction: the job becomes `processing`, it gets a lease (token, node,
 * until), and a run with its own random process token. Only then is a process started. From there on:
 *
 * - every write of the run names the lease's token, and the store refuses it when the token is no longer the job's
 *   (fencing): a node that was thought dead and comes back can change nothing;
 * - the heartbeat renews the lease. A renewal that is refused means that the job is somebody else's, or was cancelled:
 *   the run is ended at once and nothing it still says is written;
 * - leaving `processing`, whichever way, clears the lease in the same transaction as the change and its event.
 *
 * A token is never used twice: a second claim of the same job by the same node gets a new one.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';

/** How long a lease lasts without renewal. */
export const LEASE_MS = 30_000;

export interface LeaseGrant {
  leaseToken: string;
  /** Milliseconds since the epoch. */
  leaseUntil: number;
  /** The node that holds it; new with each start of a process, so that two lives of one host are two nodes. */
  node: string;
  /** The token that every process of the run inherits. */
  runToken: string;
}

/** What a claim writes into the job and its run. */
export function newLease(clock: Clock, node: string): LeaseGrant {
  return { leaseToken: randomUUID(), leaseUntil: renewedUntil(clock), node, runToken: randomUUID() };
}

/** Until when a lease lasts that is renewed now. */
export function renewedUntil(clock: Clock): number {
  return clock.now() + LEASE_MS;
}
