/** What the system does not let us do to a process. Only root may become somebody who may do less. */
import { getPriority } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { isAlive, signalGroup } from '../../src/supervisor/identity.ts';
import { standBack } from '../../src/supervisor/niceness.ts';
import { ProcessManager } from '../../src/supervisor/process-manager.ts';
import { scratchPath } from '../support/scratch.ts';
import { type Started, start } from './processes.ts';

const NOBODY = 65_534;
const SOMEBODY = 65_533;
const IMPATIENT: Clock = { ...systemClock, sleep: () => Promise.resolve() };

async function startSomebodys(): Promise<Started> {
  const asSomebody = ['--reuid', String(SOMEBODY), '--clear-groups'];
  const started = await start('setpriv', [...asSomebody, 'sh', '-c', 'echo ready; exec sleep 600']);
  await started.line();
  return started;
}

/** Does something as a user whom no process here belongs to. */
async function asNobody<T>(work: () => T | Promise<T>): Promise<T> {
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('a process of another user', () => {
  test('cannot be made to stand back, which is told once and keeps nobody from working', async () => {
    const { identity } = await startSomebodys();
    const told: string[] = [];
    const tell = (sentence: string) => void told.push(sentence);
    await asNobody(() => {
      standBack(identity.pid, 5, tell);
      standBack(identity.pid, 5, tell);
    });
    expect(told).toEqual([expect.stringMatching(/does not let a job stand back .*\((EPERM|EACCES)\)/)]);
    standBack(identity.pid, 5, tell);
    expect(getPriority(identity.pid)).toBe(5);
    expect(told).toHaveLength(1);
  });

  test('cannot be ended, which is told as an error', async () => {
    const { child, identity } = await startSomebodys();
    const problems: [sentence: string, level: string][] = [];
    const onProblem = (...problem: [string, string]) => void problems.push(problem);
    const manager = new ProcessManager({ logDir: scratchPath('logs'), clock: IMPATIENT, onProblem });
    onTestFinished(() => manager.close());
    await manager.registerProcess(1, child, 'sleep');
    expect(await asNobody(() => manager.killProcessTree(1))).toBe(false);
    expect(problems).toEqual([[`Not all processes of job 1 (pid ${identity.pid}) could be ended.`, 'ERROR']]);
    expect(isAlive(identity)).toBe(true);
  });
});

test('a process that is gone has nothing to stand back for', async () => {
  const { identity, ended } = await start('sleep', ['600']);
  signalGroup(identity, 'SIGKILL');
  await ended;
  standBack(identity.pid, 5, (sentence) => expect.unreachable(sentence));
});
