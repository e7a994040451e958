import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { isAlive, processesWithToken, signalGroup, signalProcess } from '../../src/supervisor/identity.ts';
import { killTree } from '../../src/supervisor/kill-tree.ts';
import { identityOf, inState, start, startFixture } from './processes.ts';

/** For those that are expected to heed TERM: never waited out. */
const PATIENT_MS = 60_000;
/** For those that are not. */
const BRIEF_MS = 100;

const seesTokens = process.platform === 'linux';

describe.runIf(seesTokens)('a tree', () => {
  test('that heeds TERM ends by itself; nothing is killed', async () => {
    const token = randomUUID();
    const { identity, line, ended } = await startFixture('ends-on-term.js', token);
    await line();
    const report = await killTree({ leader: identity, token }, systemClock, PATIENT_MS);
    expect(report).toEqual({ killed: [], gone: true });
    expect(await line()).toBe('bye');
    await ended;
    expect(processesWithToken(token)).toEqual([]);
  });

  test('that ignores TERM is killed when the grace is over', async () => {
    const token = randomUUID();
    const { child, identity, line, ended } = await startFixture('ignores-term.sh', token);
    await line();
    expect(processesWithToken(token).length).toBeGreaterThanOrEqual(2);
    const { gone } = await killTree({ leader: identity, token }, systemClock, BRIEF_MS);
    expect(gone).toBe(true);
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
    expect(report).toEqual({ killed: [], gone: true });
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
    const { killed, gone } = await killTree({ leader: identity, token }, systemClock, BRIEF_MS);
    expect(gone).toBe(true);
    expect(killed.map(({ pid }) => pid)).toContain(daemon.pid);
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
    expect(await killTree({ leader: identity, token }, systemClock)).toEqual({ killed: [], gone: true });
    expect(await killTree({ token: randomUUID() }, systemClock)).toEqual({ killed: [], gone: true });
  });
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
