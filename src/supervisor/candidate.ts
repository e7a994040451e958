import type { ChildProcess } from 'node:child_process';
import type { PassThrough } from 'node:stream';
import { identify, identifyChild, isOwnToken, type ProcessIdentity, tokenOf } from './identity.ts';
import { printedBy } from './job-output.ts';

/** A process that is to be registered, as it was when that was asked for. */
export interface Candidate {
  child: ChildProcess | undefined;
  /** What it prints; empty for a bare number. */
  printed: readonly PassThrough[];
  /** Undefined when the program could not be started. */
  pid: number | undefined;
  /** Undefined when it does not run. */
  identity: ProcessIdentity | undefined;
  token: string | undefined;
}

/**
 * Takes hold of a process: who it is, and what it prints. To be called before anything is waited for, because later it
 * may have ended, and its number may be somebody else's.
 * @param token its run token, where that is known; that of a child is read from its environment
 */
export function candidateFrom(childOrPid: ChildProcess | number, token: string | undefined): Candidate {
  const child = typeof childOrPid === 'number' ? undefined : childOrPid;
  const pid = typeof childOrPid === 'number' ? childOrPid : childOrPid.pid;
  const identity = child ? identifyChild(child) : identify(pid as number);
  const found = token ?? (child && identity ? tokenOf(identity) : undefined);
  return {
    child,
    printed: child ? printedBy(child) : [],
    pid,
    identity,
    // What this process inherited itself tells nothing about its child.
    token: found && !isOwnToken(found) ? found : undefined,
  };
}

/** What it prints is not wanted: it is read and thrown away. */
export function ignorePrinted({ printed }: Candidate): void {
  for (const stream of printed) stream.destroy();
}
