/**
 * Ends a run's whole process tree and makes sure that it is gone.
 *
 * TERM to the runner's group, five seconds, KILL to the group, then a sweep by token until nothing is left: a descendant
 * that moved to a group or session of its own still carries the token, and one that forks while it is being killed is
 * caught by the next round. Stopped processes are continued so that they can act on TERM; KILL needs no such help.
 */
import type { Clock } from '../domain/clock.ts';
import { isAlive, type ProcessIdentity, processesWithToken, readStat, signalGroup, signalProcess } from './identity.ts';

/** Between TERM and KILL. */
export const KILL_GRACE_MS = 5_000;
/** Between two looks at whether they are gone. */
const POLL_MS = 25;
/** Rounds of the sweep before giving up on a tree that grows faster than it is killed. */
const MAX_SWEEPS = 40;

export interface RunTree {
  /** Leads the group; undefined when it never started or was reaped already. */
  leader?: ProcessIdentity;
  token: string;
}

export interface KillReport {
  /** What had to be killed, with its command, for the log. */
  killed: { pid: number; command: string }[];
  /** True when nothing of the tree is left. */
  gone: boolean;
}

/** Asks, waits, kills, sweeps, verifies. With `graceMs` 0 nobody is asked. */
export async function killTree(tree: RunTree, clock: Clock, graceMs = KILL_GRACE_MS): Promise<KillReport> {
  if (graceMs > 0) await ask(tree, clock, graceMs);
  if (tree.leader) signalGroup(tree.leader, 'SIGKILL');
  return sweep(tree.token, clock);
}

async function ask({ leader, token }: RunTree, clock: Clock, graceMs: number): Promise<void> {
  if (!leader || !signalGroup(leader, 'SIGTERM')) return;
  signalGroup(leader, 'SIGCONT');
  const deadline = clock.now() + graceMs;
  while (clock.now() < deadline && (isAlive(leader) || processesWithToken(token).length > 0))
    await clock.sleep(POLL_MS);
}

/** Kills whatever carries the token until nothing does. */
export async function sweep(token: string, clock: Clock): Promise<KillReport> {
  const killed = new Map<number, string>();
  for (let round = 0; round < MAX_SWEEPS; round += 1) {
    const left = processesWithToken(token);
    if (left.length === 0) return { killed: named(killed), gone: true };
    for (const identity of left) {
      const command = readStat(identity.pid)?.command ?? '?';
      if (signalProcess(identity, 'SIGKILL')) killed.set(identity.pid, command);
    }
    await clock.sleep(POLL_MS);
  }
  return { killed: named(killed), gone: processesWithToken(token).length === 0 };
}

function named(killed: Map<number, string>): KillReport['killed'] {
  return [...killed].map(([pid, command]) => ({ pid, command }));
}
