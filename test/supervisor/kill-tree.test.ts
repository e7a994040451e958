import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { isAlive, processesWithToken, readStat, signalGroup, signalProcess } from '../../src/supervisor/identity.ts';
import { killTree, sweep } from '../../src/supervisor/kill-tree.ts';
import { identityOf, inState, start, startFixture, until } from './processes.ts';

/** For those that are expected to heed TERM: never waited out. */
const PATIENT_MS = 60_000;
/** For those that are not. */
const BRIEF_MS = 100;

/** Where a tree is to be ended without a token, the test has one all the same, should that fail. */
const FOR_CLEANING_UP = randomUUID();
const NOTHING = { terminated: [], killed: [], gone: true };
const seesTokens = process.platform === 'linux';

/** A process in the group of this one. */
async function startInOwnGroup() {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, identity: identityOf(child.pid as number) };
}

/** A process of Node's own program, as a report names it. */
function named(pid: number) {
  return { pid, command: expect.stringMatching(/^(node|MainThread)/) };
}

describe.runIf(seesTokens)('a tree', () => {
  test('that heeds TERM ends by itself; nothing is killed', async () => {
    const token = randomUUID();
    const { identity, line, ended } = await startFixture('ends-on-term.js', token);
    await line();
    const report = await killTree({ leader: identity, token }, systemClock, PATIENT_MS);
    expect(report).toEqual({ terminated: [named(identity.pid)], killed: [], gone: true });
    expect(await line()).toBe('bye');
    await ended;
    expect(processesWithToken(token)).toEqual([]);
  });

  test('that ignores TERM is killed when the grace is over', async () => {
    const token = randomUUID();
    const { child, identity, line, ended } = await startFixture('ignores-term.sh', token);
    await line();
    expect(processesWithToken(token).length).toBeGreaterThanOrEqual(2);
    const { killed, gone } = await killTree({ leader: identity, token }, systemClock, BRIEF_MS);
    expect(gone).toBe(true);
    expect(killed).toContainEqual({ pid: identity.pid, command: 'sh' });
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
    expect(processesWithToken(token)).toEqual([]);
  });

  test('that nobody is to ask is killed at once', async () => {
    const token = randomUUID();
    const { child, identity, line, ended } = await startFixture('ends-on-term.js', token);
    await line();
    expect((await killTree({ leader: identity, token }, systemClock, 0)).gone).toBe(true);
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
  });

  test('that is stopped is continued, so that it can heed TERM', async () => {
    const token = randomUUID();
    const { identity, line } = await startFixture('ends-on-term.js', token);
    await line();
    signalGroup(identity, 'SIGSTOP');
    await inState(identity.pid, 'T');
    const report = await killTree({ leader: identity, token }, systemClock, PATIENT_MS);
    expect(report).toEqual({ terminated: [named(identity.pid)], killed: [], gone: true });
    expect(await line()).toBe('bye');
  });

  test('that is stopped and nobody asks is killed as it is', async () => {
    const token = randomUUID();
    const { child, identity, line, ended } = await startFixture('ends-on-term.js', token);
    await line();
    signalGroup(identity, 'SIGSTOP');
    await inState(identity.pid, 'T');
    expect((await killTree({ leader: identity, token }, systemClock, 0)).gone).toBe(true);
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
  });

  test('of which one moved to a session of its own is swept up by its token, and that one is named', async () => {
    const token = randomUUID();
    const { identity, line } = await startFixture('daemonises.sh', token);
    const daemon = identityOf(Number(await line()));
    // It has become what it will be.
    await inState(daemon.pid, 'S');
    const { killed, gone } = await killTree({ leader: identity, token }, systemClock, 0);
    expect(gone).toBe(true);
    expect(killed.map(({ pid }) => pid)).toEqual(expect.arrayContaining([identity.pid, daemon.pid]));
    for (const { command } of killed) expect(command).toMatch(/^(sleep|sh)$/);
    expect(isAlive(daemon)).toBe(false);
  });

  test('of which one is stopped in a session of its own is swept up too', async () => {
    const token = randomUUID();
    const { identity, line } = await startFixture('daemonises.sh', token);
    const daemon = identityOf(Number(await line()));
    signalProcess(daemon, 'SIGSTOP');
    await inState(daemon.pid, 'T');
    expect((await killTree({ leader: identity, token }, systemClock, 0)).gone).toBe(true);
    expect(isAlive(daemon)).toBe(false);
  });

  test('whose leader is gone already is found by its token', async () => {
    const token = randomUUID();
    const { child, identity, line, ended } = await startFixture('daemonises.sh', token);
    const daemon = identityOf(Number(await line()));
    child.kill('SIGKILL');
    await ended;
    expect(isAlive(daemon)).toBe(true);
    expect((await killTree({ leader: identity, token }, systemClock, PATIENT_MS)).gone).toBe(true);
    expect(isAlive(daemon)).toBe(false);
    expect(processesWithToken(token)).toEqual([]);
  });

  test('that forks while it is killed is gone in the end', async () => {
    const token = randomUUID();
    const { identity, line } = await startFixture('keeps-forking.sh', token);
    await line();
    const { gone } = await killTree({ leader: identity, token }, systemClock, 0);
    expect(gone).toBe(true);
    expect(processesWithToken(token)).toEqual([]);
  });

  test('that has ended, or never was, needs nothing', async () => {
    const token = randomUUID();
    const { child, identity, ended } = await start('sleep', ['1000'], token);
    child.kill('SIGKILL');
    await ended;
    expect(await killTree({ leader: identity, token }, systemClock)).toEqual(NOTHING);
    expect(await killTree({ leader: identity }, systemClock)).toEqual(NOTHING);
    expect(await killTree({ token: randomUUID() }, systemClock)).toEqual(NOTHING);
    expect(await killTree({}, systemClock)).toEqual(NOTHING);
  });
});

describe.runIf(seesTokens)('a tree without a token', () => {
  test('is asked to its last process, also those in sessions of their own', async () => {
    const { identity, line } = await startFixture('daemonises.sh', FOR_CLEANING_UP);
    const daemon = identityOf(Number(await line()));
    await inState(daemon.pid, 'S');
    const { terminated, killed, gone } = await killTree({ leader: identity }, systemClock, PATIENT_MS);
    expect({ killed, gone }).toEqual({ killed: [], gone: true });
    expect(terminated).toContainEqual({ pid: daemon.pid, command: 'sleep' });
    expect(isAlive(daemon)).toBe(false);
  });

  test('of which one outlives its parents and ignores TERM is killed with the rest', async () => {
    const { identity, line, ended } = await startFixture('leaves-child.sh', FOR_CLEANING_UP);
    const stubborn = identityOf(Number(await line()));
    expect(readStat(stubborn.pid)?.sessionId).toBe(stubborn.pid);
    const report = killTree({ leader: identity }, systemClock, BRIEF_MS);
    await ended;
    const { terminated, killed, gone } = await report;
    expect(gone).toBe(true);
    expect(terminated.map(({ pid }) => pid)).toContain(identity.pid);
    expect(killed.map(({ pid }) => pid)).toContain(stubborn.pid);
    expect(isAlive(stubborn)).toBe(false);
  });

  test('of which one had lost its parent before, but not left the group, is found when the leader is gone', async () => {
    const { identity, line, ended } = await startFixture('loses-child.sh', FOR_CLEANING_UP);
    const stubborn = identityOf(Number(await line()));
    await until(() => readStat(stubborn.pid)?.parentPid !== identity.pid, 'its parent ended');
    await until(() => readStat(identity.pid)?.command === 'sleep', 'the leader became sleep');
    expect(readStat(stubborn.pid)?.groupId).toBe(identity.pid);
    const report = killTree({ leader: identity }, systemClock, BRIEF_MS);
    await ended;
    const { terminated, killed, gone } = await report;
    expect(gone).toBe(true);
    expect(terminated).toContainEqual({ pid: identity.pid, command: 'sleep' });
    expect(killed).toContainEqual({ pid: stubborn.pid, command: 'sh' });
    expect(isAlive(stubborn)).toBe(false);
  });

  test('that starts a session with each fork is gone in the end', async () => {
    // The token is for the test alone, which sees by it whether anybody got away.
    const token = randomUUID();
    const { identity, line } = await startFixture('forks-away.sh', token);
    await line();
    const { killed, gone } = await killTree({ leader: identity }, systemClock, 0);
    expect(gone).toBe(true);
    expect(killed.length).toBeGreaterThanOrEqual(2);
    expect(processesWithToken(token)).toEqual([]);
  });

  test('does not reach what had lost its parent and left its session before: only a token does', async () => {
    const token = randomUUID();
    const { identity, line } = await startFixture('double-forks.sh', token);
    const daemon = identityOf(Number(await line()));
    await until(() => readStat(daemon.pid)?.parentPid !== identity.pid, 'the parent of the daemon ended');
    expect((await killTree({ leader: identity }, systemClock, 0)).gone).toBe(true);
    expect(isAlive(daemon)).toBe(true);
    const { killed, gone } = await sweep(token, systemClock);
    expect({ killed, gone }).toEqual({ killed: [{ pid: daemon.pid, command: expect.any(String) }], gone: true });
    expect(isAlive(daemon)).toBe(false);
  });

  test('that stopped itself is continued, so that it can heed TERM', async () => {
    const { identity, line } = await startFixture('stops-itself.sh');
    await line();
    await inState(identity.pid, 'T');
    const { terminated, killed } = await killTree({ leader: identity }, systemClock, PATIENT_MS);
    expect(killed).toEqual([]);
    expect(terminated.map(({ pid }) => pid)).toContain(identity.pid);
    expect(await line()).toBe('bye');
  });

  test('is ended by two at once, and both say so', async () => {
    const { identity, line } = await startFixture('ignores-term.sh');
    await line();
    const reports = await Promise.all([
      killTree({ leader: identity }, systemClock, PATIENT_MS),
      killTree({ leader: identity }, systemClock, 0),
    ]);
    expect(reports.map(({ gone }) => gone)).toEqual([true, true]);
    expect(isAlive(identity)).toBe(false);
  });
});

test.runIf(seesTokens)('a process in the group of the caller is ended without the others in it', async () => {
  const [ours, other] = await Promise.all([startInOwnGroup(), startInOwnGroup()]);
  expect(readStat(ours.identity.pid)?.groupId).toBe(readStat(process.pid)?.groupId);
  const { gone } = await killTree({ leader: ours.identity }, systemClock, BRIEF_MS);
  expect(gone).toBe(true);
  expect(isAlive(other.identity)).toBe(true);
});

test.runIf(seesTokens)('the caller is spared, should it be part of the tree', async () => {
  const { child, identity } = await startInOwnGroup();
  const { killed, gone } = await killTree({ leader: identityOf(process.pid) }, systemClock, 0);
  expect(gone).toBe(true);
  expect(killed).toEqual([{ pid: child.pid, command: 'sleep' }]);
  expect(isAlive(identity)).toBe(false);
});

test('a foreign process that has the number now lives on', async () => {
  const foreign = await start('sleep', ['1000']);
  const planted = { ...foreign.identity, startTime: `${foreign.identity.startTime}1` };
  expect((await killTree({ leader: planted, token: randomUUID() }, systemClock, BRIEF_MS)).killed).toEqual([]);
  expect(isAlive(foreign.identity)).toBe(true);
  // What was sent before would have ended it by the time it answers to this.
  signalProcess(foreign.identity, 'SIGSTOP');
  if (process.platform === 'linux') await inState(foreign.identity.pid, 'T');
  expect(isAlive(foreign.identity)).toBe(true);
});

test.runIf(seesTokens)('another run lives on', async () => {
  const ours = randomUUID();
  const theirs = await start('sleep', ['1000'], randomUUID());
  const { identity } = await start('sleep', ['1000'], ours);
  expect((await killTree({ leader: identity, token: ours }, systemClock, 0)).gone).toBe(true);
  expect(isAlive(theirs.identity)).toBe(true);
});
