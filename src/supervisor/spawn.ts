import { type ChildProcess, fork } from 'node:child_process';
import { LonghandError } from '../domain/errors.ts';
import { Guard } from '../native/guard.ts';
import { identify, type ProcessIdentity, RUN_TOKEN_VARIABLE } from './identity.ts';

/** A started runner and what holds it. */
export interface RunnerProcess {
  child: ChildProcess;
  identity: ProcessIdentity;
  guard: Guard;
}

export interface SpawnOrder {
  /** The built runner program. */
  runnerPath: string;
  /** The run's token. */
  token: string;
  cwd: string;
}

/**
 * Starts a runner as the leader of a group of its own, with pipes for its output and a guard beside it.
 * @throws LonghandError when it could not be started
 */
export async function startRunner({ runnerPath, token, cwd }: SpawnOrder): Promise<RunnerProcess> {
  const child = fork(runnerPath, [], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, [RUN_TOKEN_VARIABLE]: token },
    execArgv: [],
  });
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
  if (identity) return { child, identity, guard };
  await guard.dismiss();
  throw new LonghandError({ kind: 'crash', message: 'The runner ended as soon as it was started.' });
}
