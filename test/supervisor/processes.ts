/** Real processes for tests: started, looked at, and gone when the test is over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import {
  identify,
  type ProcessIdentity,
  RUN_TOKEN_VARIABLE,
  readStat,
  signalGroup,
} from '../../src/supervisor/identity.ts';
import { sweep } from '../../src/supervisor/kill-tree.ts';

/** Far longer than anything here takes: reached only by what hangs. */
const DEADLINE_MS = 240_000;
const POLL_MS = 10;

/** A started process and the lines it says. */
export interface Started {
  child: ChildProcess;
  identity: ProcessIdentity;
  /** The next line of its output. */
  line(): Promise<string>;
  /** Resolves when it has ended. */
  ended: Promise<void>;
}

/** Starts a program as the leader of a group of its own; with a token it belongs to that run. */
export async function start(command: string, args: string[] = [], token?: string): Promise<Started> {
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(token ? { [RUN_TOKEN_VARIABLE]: token } : {}) },
  });
  const ended = once(child, 'exit').then(() => undefined);
  await once(child, 'spawn');
  const identity = identityOf(child.pid as number);
  onTestFinished(async () => {
    signalGroup(identity, 'SIGKILL');
    await ended;
    if (token) await sweep(token, systemClock);
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command} ended its output.`);
    return value;
  };
  return { child, identity, line, ended };
}

/** Starts a script of `test/fixtures`, with the shell or with Node. */
export function startFixture(name: string, token?: string): Promise<Started> {
  return start(name.endsWith('.sh') ? 'sh' : process.execPath, [join('test/fixtures', name)], token);
}

/** @throws Error when it is not alive */
export function identityOf(pid: number): ProcessIdentity {
  const identity = identify(pid);
  if (!identity) throw new Error(`There is no process ${pid}.`);
  return identity;
}

/** Waits for what the kernel gives no event for. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`This never came: ${what}.`);
    await pause(POLL_MS);
  }
}

/** Waits until a process is in one of these states, as proc(5) names them. */
export function inState(pid: number, states: string): Promise<void> {
  return until(() => states.includes(readStat(pid)?.state ?? '-'), `process ${pid} in state ${states}`);
}
