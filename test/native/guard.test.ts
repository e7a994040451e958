import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { Guard } from '../../src/native/guard.ts';
import { isAlive, readStat, signalGroup, signalProcess } from '../../src/supervisor/identity.ts';
import { nextMessage, startChild } from '../store/child.ts';
import { identityOf, inState, start, startFixture, until } from '../supervisor/processes.ts';

const HOLD_A_GUARD = `
  import { spawn } from 'node:child_process';
  import { Guard } from './src/native/guard.ts';
  const group = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  group.stdout.once('data', (line) => {
    const guard = Guard.over(group.pid);
    process.send({ leader: group.pid, member: Number(line), guard: guard.pid });
  });
  setInterval(() => {}, 1000);`;

/** The channel to the test does not hold this process either. */
const DISMISS_A_GUARD = `
  import { Guard } from './src/native/guard.ts';
  process.channel.unref();
  await Guard.over(2 ** 22 + 1).dismiss();
  process.send('dismissed');`;

test('when its owner is killed, it kills the whole group, though that is stopped, and ends', async () => {
  const owner = await startChild(HOLD_A_GUARD, []);
  const pids = (await nextMessage(owner)) as { leader: number; member: number; guard: number };
  const [leader, member, guard] = [pids.leader, pids.member, pids.guard].map(identityOf) as [
    ReturnType<typeof identityOf>,
    ReturnType<typeof identityOf>,
    ReturnType<typeof identityOf>,
  ];
  onTestFinished(() => {
    for (const identity of [leader, member, guard]) signalProcess(identity, 'SIGKILL');
  });
  signalGroup(leader, 'SIGSTOP');
  if (process.platform === 'linux') {
    await inState(leader.pid, 'T');
    await inState(member.pid, 'T');
  }
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await until(() => ![leader, member, guard].some(isAlive), 'the end of the group and its guard');
});

test('dismissed, it is gone and has touched nobody', async () => {
  const { identity, line } = await startFixture('ends-on-term.js');
  await line();
  const guard = Guard.over(identity.pid);
  const itself = identityOf(guard.pid as number);
  await Promise.all([guard.dismiss(), guard.dismiss()]);
  await guard.dismiss();
  await until(() => !isAlive(itself), 'the end of the guard');
  expect(isAlive(identity)).toBe(true);
});

test('its owner can wait for its end when it has nothing else to do', async () => {
  const owner = await startChild(DISMISS_A_GUARD, []);
  const ended = once(owner, 'exit');
  expect(await nextMessage(owner)).toBe('dismissed');
  expect(await ended).toEqual([0, null]);
});

test('killed by somebody else, it is dismissed all the same', async () => {
  const { identity } = await start('sleep', ['1000']);
  const guard = Guard.over(identity.pid);
  const itself = identityOf(guard.pid as number);
  signalProcess(itself, 'SIGKILL');
  await guard.dismiss();
  await until(() => !isAlive(itself), 'the end of the guard');
  expect(isAlive(identity)).toBe(true);
});

test.runIf(process.platform === 'linux')(
  'it stands in a group of its own, which no signal to the others reaches',
  async () => {
    const { identity } = await start('sleep', ['1000']);
    const guard = Guard.over(identity.pid);
    onTestFinished(() => guard.dismiss());
    const stat = readStat(guard.pid as number);
    expect(stat?.groupId).toBe(guard.pid);
    expect(stat?.groupId).not.toBe(readStat(process.pid)?.groupId);
  },
);
