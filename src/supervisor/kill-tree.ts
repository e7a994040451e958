/**
 * Ends a whole process tree and makes sure that it is gone.
 *
 * TERM to all of it, five seconds, then KILL until nothing is left. Stopped processes are continued so that they can act
 * on TERM; KILL needs no such help. Before KILL the tree is stopped, so that none of it forks while it is being killed.
 *
 * Who belongs to a tree is told by `TreeMembers`. With a token nobody gets away. Without one, what had lost its parent
 * and moved to a session of its own before the first look is not found. Where there is no /proc only the leader and its
 * group are reached.
 */
import type { Clock } from '../domain/clock.ts';
import {
  allProcesses,
  identityFrom,
  isAlive,
  isDead,
  isOwnToken,
  type ProcessIdentity,
  type ProcessStat,
  processesWithToken,
  readStat,
  signalGroup,
  signalProcess,
} from './identity.ts';

/** Between TERM and KILL. */
export const KILL_GRACE_MS = 5_000;
/** Between two looks at whether they are gone. */
const POLL_MS = 50;
/** Rounds of KILL before giving up on what cannot be killed: freeing much memory takes a process seconds. */
const MAX_ROUNDS = 200;
/** Looks at a tree that is being stopped before it is killed as it is. */
const MAX_FREEZES = 20;

/** What is known of a tree; either suffices. */
export interface RunTree {
  /** Its first process; undefined when it never started or was reaped already. */
  leader?: ProcessIdentity | undefined;
  /** In the environment of all of it. The calling process's own is never looked for: its parent has it too. */
  token?: string | undefined;
}

/** A process that was ended, for the log. */
export interface EndedProcess {
  pid: number;
  command: string;
}

export interface KillReport {
  /** What ended after TERM, by itself. */
  terminated: EndedProcess[];
  /** What had to be killed. */
  killed: EndedProcess[];
  /** True when nothing of the tree is left. */
  gone: boolean;
}

/** What was ended, and how, in a sentence for each process. */
export function inWords({ terminated, killed }: KillReport): string[] {
  return [
    ...terminated.map(({ pid, command }) => `Ended when it was asked to: ${command} (pid ${pid})`),
    ...killed.map(({ pid, command }) => `Killed: ${command} (pid ${pid})`),
  ];
}

/** Whether anything that can be identified as the tree's is alive, the calling process aside. */
export function isTreeAlive(tree: RunTree): boolean {
  return new TreeMembers(tree).look().length > 0;
}

/**
 * Asks, waits, kills, verifies. The calling process is spared, should it be part of the tree.
 * @param graceMs between TERM and KILL; with 0 nobody is asked
 */
export async function killTree(tree: RunTree, clock: Clock, graceMs = KILL_GRACE_MS): Promise<KillReport> {
  const members = new TreeMembers(tree);
  const asked = graceMs > 0 ? ask(members, tree.leader) : [];
  if (asked.length > 0) await patience(members, clock, graceMs);
  const killed = await killAll(members, tree.leader, clock);
  const left = members.look();
  const terminated = asked.filter((member) => !left.includes(member) && !killed.has(member));
  return { terminated: named(terminated), killed: named(killed), gone: left.length === 0 };
}

/** Kills whatever carries the token until nothing does. */
export function sweep(token: string, clock: Clock): Promise<KillReport> {
  return killTree({ token }, clock, 0);
}

/** @returns whom TERM was sent to */
function ask(members: TreeMembers, leader: ProcessIdentity | undefined): Member[] {
  const found = members.look();
  const groupAsked = leader !== undefined && signalGroup(leader, 'SIGTERM');
  const asked = found.filter((member) => {
    return (groupAsked && member.groupId === leader.pid) || signalProcess(member.identity, 'SIGTERM');
  });
  for (const { identity } of asked) signalProcess(identity, 'SIGCONT');
  return asked;
}

async function patience(members: TreeMembers, clock: Clock, graceMs: number): Promise<void> {
  const deadline = clock.monotonicMs() + graceMs;
  while (clock.monotonicMs() < deadline && !members.areGone()) await clock.sleep(POLL_MS);
}

async function killAll(members: TreeMembers, leader: ProcessIdentity | undefined, clock: Clock): Promise<Set<Member>> {
  const killed = new Set<Member>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const left = freeze(members);
    if (left.length === 0) break;
    const groupKilled = leader !== undefined && signalGroup(leader, 'SIGKILL');
    for (const member of left) {
      const withGroup = groupKilled && member.groupId === leader.pid;
      if (signalProcess(member.identity, 'SIGKILL') || withGroup) killed.add(member);
    }
    await clock.sleep(POLL_MS);
  }
  return killed;
}

/** Stops them until no look finds a new one: what is stopped does not fork, and what it has forked still has its parent. */
function freeze(members: TreeMembers): Member[] {
  const stopped = new Set<Member>();
  let found = members.look();
  for (let look = 0; look < MAX_FREEZES && found.some((member) => !stopped.has(member)); look += 1) {
    for (const member of found) {
      if (!stopped.has(member)) signalProcess(member.identity, 'SIGSTOP');
      stopped.add(member);
    }
    found = members.look();
  }
  return found;
}

interface Member {
  identity: ProcessIdentity;
  groupId: number | undefined;
  command: string;
}

/**
 * Who belongs to a tree: its leader, whoever carries its token, their children, and who is in a group or session that one
 * of them leads. Once seen they are known, by identity, so that one whose parent dies is not lost.
 */
class TreeMembers {
  readonly #leader: ProcessIdentity | undefined;
  readonly #token: string | undefined;
  readonly #known = new Map<string, Member>();
  /** Numbers of groups and sessions that a member was seen to lead. */
  readonly #led = new Set<number>();

  constructor({ leader, token }: RunTree) {
    this.#leader = leader;
    this.#token = token && !isOwnToken(token) ? token : undefined;
  }

  /** Looks at all processes. @returns the members that are alive, the calling process excepted */
  look(): Member[] {
    const processes = allProcesses();
    const first = [...(this.#leader ? [this.#leader] : []), ...(this.#token ? processesWithToken(this.#token) : [])];
    for (const identity of first) this.#remember(identity, readStat(identity.pid));
    while (this.#grow(processes));
    return [...this.#known.values()].filter(({ identity }) => identity.pid !== process.pid && isAlive(identity));
  }

  /** Whether no member is left. Looks for the token only when nobody else is. */
  areGone(): boolean {
    for (const { identity } of this.#known.values()) {
      if (identity.pid !== process.pid && isAlive(identity)) {
        // Its children must be known before it ends.
        while (this.#grow(allProcesses()));
        return false;
      }
    }
    return this.look().length === 0;
  }

  /** @returns whether somebody new was found */
  #grow(processes: ProcessStat[]): boolean {
    const present = processes.filter((stat) => this.#known.has(keyOf(identityFrom(stat))));
    const parents = new Set(present.map(({ pid }) => pid));
    // A number stays the group's or session's while anybody is in it, so with a member in it it is still the same one.
    const mine = readStat(process.pid);
    const inhabited = present.flatMap(({ groupId, sessionId }) => [groupId, sessionId]);
    const led = new Set(inhabited.filter((number) => this.#led.has(number)));
    for (const own of [mine?.groupId, mine?.sessionId]) if (own !== undefined) led.delete(own);

    let found = false;
    for (const stat of processes) {
      const belongs = parents.has(stat.parentPid) || led.has(stat.groupId) || led.has(stat.sessionId);
      if (!belongs || isDead(stat) || stat.pid === process.pid) continue;
      found = this.#remember(identityFrom(stat), stat) || found;
    }
    return found;
  }

  /** @returns whether it is new */
  #remember(identity: ProcessIdentity, stat: ProcessStat | undefined): boolean {
    if (!isAlive(identity)) return false;
    if (stat?.groupId === identity.pid || stat?.sessionId === identity.pid) this.#led.add(identity.pid);
    const key = keyOf(identity);
    const known = this.#known.get(key);
    if (known && stat) known.groupId = stat.groupId;
    else if (!known) this.#known.set(key, { identity, groupId: stat?.groupId, command: stat?.command ?? '?' });
    return !known;
  }
}

function keyOf({ pid, startTime, bootId }: ProcessIdentity): string {
  return `${pid} ${startTime} ${bootId}`;
}

function named(members: Iterable<Member>): EndedProcess[] {
  return [...members].map(({ identity, command }) => ({ pid: identity.pid, command }));
}
