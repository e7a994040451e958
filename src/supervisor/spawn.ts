import { type ChildProcess, fork } from 'node:child_process';
import { LonghandError } from '../domain/errors.ts';
import { Guard } from '../native/guard.ts';
import { type Cgroup, createCgroup } from './cgroup.ts';
import { type Exit, exitOf } from './exit.ts';
import { identify, type ProcessIdentity, RUN_TOKEN_VARIABLE } from './identity.ts';
import { standBack } from './niceness.ts';

/** A started runner and what holds it. */
export interface RunnerProcess {
  child: ChildProcess;
  identity: ProcessIdentity;
  guard: Guard;
  /** Settles when it has ended and its output was read, or a moment after its end. */
  exited: Promise<{ exit: Exit }>;
  /** Where the system lets us: the control group that holds it and its children to their share. */
  cgroup: Cgroup | undefined;
}

/** What a run may take of the machine. */
export interface Share {
  memoryBytes: number;
  /** Cores; undefined when it may use all there are. */
  cpuCores: number | undefined;
  /** How far it stands back behind other programs: 0 (not at all) to 19, nice(2). */
  niceness: number;
}

export interface SpawnOrder {
  /** The built runner program. */
  runnerPath: string;
  /** The run's token. */
  token: string;
  cwd: string;
  share: Share;
  /** The system refused something that the runner can do without. */
  onProblem(sentence: string): void;
}

/** It was started, and ended at once. */
export class RunnerEndedError extends Error {
  override name = 'RunnerEndedError';
  readonly exit: Exit;

  constructor(exit: Exit) {
    super('The runner ended as soon as it was started.');
    this.exit = exit;
  }
}

/** The name of a run's control group. */
export function cgroupName(token: string): string {
  return `longhand-run-${token}`;
}

/**
 * Starts a runner as the leader of a group of its own, with pipes for its output and a guard beside it. Priority and
 * control group are given to it before it starts anything, so that its children inherit them.
 * @throws LonghandError when it could not be started, RunnerEndedError when it ended before anybody could look at it
 */
export async function startRunner(order: SpawnOrder): Promise<RunnerProcess> {
  const { runnerPath, token, cwd } = order;
  const child = fork(runnerPath, [], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...withoutDatabase(process.env), [RUN_TOKEN_VARIABLE]: token },
    execArgv: [],
  });
  const exited = exitOf(child);
  const started = new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  await started.catch((error: Error) => {
    throw new LonghandError({ kind: 'crash', message: `The runner could not be started: ${error.message}.` });
  });
  const pid = child.pid as number;
  const guard = Guard.over(pid);
  const identity = identify(pid);
  if (identity) return { child, identity, guard, exited, cgroup: confine(pid, order) };
  await guard.dismiss();
  throw new RunnerEndedError((await exited).exit);
}

function confine(pid: number, { token, share, onProblem }: SpawnOrder): Cgroup | undefined {
  const { memoryBytes, cpuCores, niceness } = share;
  standBack(pid, niceness, onProblem);
  const cgroup = createCgroup(cgroupName(token), { memoryBytes, ...(cpuCores ? { cpuCores } : {}) });
  if (cgroup?.add(pid)) return cgroup;
  // Gone already, or not ours to move: then its memory is measured.
  cgroup?.remove();
  return undefined;
}

/** A runner never opens the database, so it need not know how. */
function withoutDatabase({ LONGHAND_DATABASE_URL, PGPASSWORD, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env;
}
