import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findProgram } from '../../src/native/spawn.ts';
import {
  allProcesses,
  bootId,
  identify,
  isAlive,
  isOwnChild,
  leadsGroup,
  type ProcessIdentity,
  processEnvironment,
  processesWithToken,
  RUN_TOKEN_VARIABLE,
  readStat,
  signalGroup,
  signalProcess,
  tokenOf,
} from '../../src/supervisor/identity.ts';
import { scratchPath } from '../support/scratch.ts';
import { identityOf, inState, start, startFixture } from './processes.ts';

const linux = test.skipIf(process.platform !== 'linux');

test('a process is alive until it ends', async () => {
  const { child, identity, ended } = await start('sleep', ['1000']);
  expect(identity.pid).toBe(child.pid);
  expect(isAlive(identity)).toBe(true);
  expect(signalProcess(identity, 'SIGKILL')).toBe(true);
  await ended;
  expect(isAlive(identity)).toBe(false);
  expect(identify(identity.pid)).toBeUndefined();
  expect(signalProcess(identity, 'SIGKILL')).toBe(false);
  expect(signalGroup(identity, 'SIGKILL')).toBe(false);
});

test('two processes are two, and a process is itself whenever it is looked at', async () => {
  const one = await start('sleep', ['1000']);
  const other = await start('sleep', ['1000']);
  expect(identify(one.identity.pid)).toEqual(one.identity);
  expect(other.identity).not.toEqual(one.identity);
});

describe('a number that belongs to somebody else by now', () => {
  const disguises: [string, (foreign: ProcessIdentity) => ProcessIdentity][] = [
    ['another start time', (foreign) => ({ ...foreign, startTime: `${foreign.startTime}1` })],
    ['another start of the machine', (foreign) => ({ ...foreign, bootId: randomUUID() })],
  ];

  test.each(disguises)('(%s) is never signalled', async (_, disguise) => {
    const foreign = await start('sleep', ['1000']);
    const planted = disguise(foreign.identity);
    expect(isAlive(planted)).toBe(false);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      expect(signalProcess(planted, signal)).toBe(false);
      expect(signalGroup(planted, signal)).toBe(false);
    }
    // A signal that was sent would arrive before this one, after which it still runs.
    expect(signalProcess(foreign.identity, 'SIGSTOP')).toBe(true);
    await inState(foreign.identity.pid, 'T');
    expect(signalProcess(foreign.identity, 'SIGCONT')).toBe(true);
    await inState(foreign.identity.pid, 'SR');
    expect(isAlive(foreign.identity)).toBe(true);
  });
});

test('a signal to a group reaches all who are in it', async () => {
  const { child, identity, line, ended } = await startFixture('ignores-term.sh');
  await line();
  expect(signalGroup(identity, 'SIGKILL')).toBe(true);
  await ended;
  // The other process of the group held the pipe too.
  await expect(line()).rejects.toThrow('ended its output');
  expect(child.signalCode).toBe('SIGKILL');
});

test('a stopped process is alive', async () => {
  const { identity } = await start('sleep', ['1000']);
  signalProcess(identity, 'SIGSTOP');
  if (process.platform === 'linux') await inState(identity.pid, 'T');
  expect(isAlive(identity)).toBe(true);
});

linux('a zombie is dead', async () => {
  const { line } = await startFixture('has-zombie.sh');
  const pid = Number(await line());
  await inState(pid, 'Z');
  // To signal 0 it answers like a living one.
  expect(process.kill(pid, 0)).toBe(true);
  expect(identify(pid)).toBeUndefined();
  const { startTime } = readStat(pid)!;
  expect(isAlive({ pid, startTime, bootId: bootId() })).toBe(false);
  expect(signalProcess({ pid, startTime, bootId: bootId() }, 'SIGKILL')).toBe(false);
});

linux('a name of any characters does not confuse the reader', async () => {
  const program = scratchPath('a) Z 1 (b c');
  symlinkSync(findProgram('sleep') as string, program);
  const { child, identity } = await start(program, ['1000']);
  const stat = readStat(identity.pid)!;
  expect(stat).toMatchObject({
    command: 'a) Z 1 (b c',
    parentPid: process.pid,
    groupId: child.pid,
    startTime: identity.startTime,
  });
  expect(identify(identity.pid)).toEqual(identity);
});

linux('what a process uses can be read', () => {
  const { rssPages, cpuTicks } = readStat(process.pid)!;
  expect(rssPages).toBeGreaterThan(0);
  expect(cpuTicks).toBeGreaterThan(0);
});

linux('there is nothing to read of a process that does not exist', () => {
  // Beyond the largest number that Linux gives (proc(5), pid_max).
  expect(readStat(2 ** 22 + 1)).toBeUndefined();
  expect(identify(2 ** 22 + 1)).toBeUndefined();
});

linux('a token finds those who carry it, wherever they went, and nobody else', async () => {
  const token = randomUUID();
  const leader = await startFixture('daemonises.sh', token);
  const daemon = identityOf(Number(await leader.line()));
  const others = [await start('sleep', ['1000'], `${token}x`), await start('sleep', ['1000'], token.slice(0, -1))];
  expect(readStat(daemon.pid)?.groupId).toBe(daemon.pid);

  const found = processesWithToken(token);
  expect(found).toContainEqual(leader.identity);
  expect(found).toContainEqual(daemon);
  for (const { identity } of others) expect(found).not.toContainEqual(identity);
  expect(found.map(({ pid }) => pid)).not.toContain(process.pid);
});

linux('a token is read back from whoever was started with it', async () => {
  const { [RUN_TOKEN_VARIABLE]: token, ...nothingElse } = processEnvironment();
  expect(nothingElse).toEqual({});
  expect(processEnvironment()).not.toEqual({ [RUN_TOKEN_VARIABLE]: token });
  const carrier = await start('sleep', ['1000'], token);
  const other = await start('sleep', ['1000']);
  expect(tokenOf(carrier.identity)).toBe(token);
  expect(tokenOf(other.identity)).toBeUndefined();
  // Its number alone does not suffice.
  expect(tokenOf({ ...carrier.identity, startTime: '1' })).toBeUndefined();
});

test('a group is signalled only if the process leads it and the caller is not in it', async () => {
  const leader = await start('sleep', ['1000']);
  const member = await startBeside();
  expect(leadsGroup(leader.identity)).toBe(true);
  expect(leadsGroup(member)).toBe(false);
  expect(signalGroup(member, 'SIGKILL')).toBe(false);
  expect(isAlive(member)).toBe(true);
  expect(isOwnChild(member)).toBe(true);
  expect(isOwnChild(identityOf(process.ppid))).toBe(false);
});

linux('all processes are seen, each once', async () => {
  const { identity } = await start('sleep', ['1000']);
  const numbers = allProcesses().map(({ pid }) => pid);
  expect(numbers).toEqual(expect.arrayContaining([identity.pid, process.pid, process.ppid]));
  expect(new Set(numbers).size).toBe(numbers.length);
});

/** A process in the group of this one. */
async function startBeside(): Promise<ProcessIdentity> {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return identityOf(child.pid as number);
}
