import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findControlGroup, ownControlGroup } from '../../src/native/control-group.ts';
import { oomKills, oomKillsOf, ownOomKills } from '../../src/native/oom.ts';
import { createCgroup } from '../../src/supervisor/cgroup.ts';
import { signalProcess } from '../../src/supervisor/identity.ts';
import { nextMessage, startChild } from '../store/child.ts';
import { start, until } from '../supervisor/processes.ts';

const linux = process.platform === 'linux';
const LIMIT_BYTES = 96 * 1024 ** 2;

function makeGroup() {
  return createCgroup(`longhand-test-${randomUUID()}`, { memoryBytes: LIMIT_BYTES });
}

const probe = makeGroup();
probe?.remove();

test.runIf(linux)('the count of the host is the one that the kernel shows', () => {
  const shown = () => {
    const line = readFileSync('/proc/vmstat', 'utf8')
      .split('\n')
      .find((text) => text.startsWith('oom_kill '));
    return Number(line?.slice('oom_kill '.length));
  };
  const [before, count, after] = [shown(), oomKills(), shown()];
  expect(count).toBeGreaterThanOrEqual(before);
  expect(count).toBeLessThanOrEqual(after);
});

test.runIf(!linux)('elsewhere nobody counts', () => {
  expect([oomKills(), ownOomKills(), ownControlGroup('memory')]).toEqual([undefined, undefined, undefined]);
});

test.runIf(probe)('a kill raises the count of the host, and that of the control group for those in it', async () => {
  const group = makeGroup();
  if (!group) throw new Error('No control group can be made.');
  onTestFinished(() => until(() => group.remove(), 'the removal of the control group'));
  const leaking = await start(process.execPath, ['test/fixtures/leaks-memory.js', '400']);
  const neighbour = await startChild(
    `import { ownOomKills } from './src/native/oom.ts';
    process.on('message', () => process.send(ownOomKills()));`,
    [],
  );
  const ownCount = () => {
    neighbour.send('count');
    return nextMessage(neighbour);
  };
  expect(group.add(leaking.identity.pid) && group.add(neighbour.pid as number)).toBe(true);
  await leaking.line();
  expect(await ownCount()).toBe(0);
  const before = oomKills() ?? Number.NaN;
  signalProcess(leaking.identity, 'SIGUSR2');
  await leaking.ended;
  expect(leaking.child.signalCode).toBe('SIGKILL');
  expect(oomKills()).toBeGreaterThanOrEqual(before + 1);
  expect(await ownCount()).toBe(1);
  neighbour.kill('SIGKILL');
});

test('a group that does not count has no count', () => {
  expect(oomKillsOf({ version: 1, folder: '/nowhere' })).toBeUndefined();
  expect(oomKillsOf({ version: 2, folder: '/nowhere' })).toBeUndefined();
});

describe('a control group is found', () => {
  const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot';
  const V1_MEMORY = '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory';
  const V1_CPU = '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:11 - cgroup cgroup rw,cpu,cpuacct';
  const OTHERS = '23 1 8:1 / / rw - ext4 /dev/sda1 rw\n33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset';
  const mounts = (...lines: string[]) => [OTHERS, ...lines, ''].join('\n');

  test('in version 2', () => {
    const groups = '0::/user.slice/user-1000.slice/session-3.scope\n';
    expect(findControlGroup('memory', groups, mounts(V2))).toEqual({
      version: 2,
      controller: 'memory',
      folder: '/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope',
      mountPoint: '/sys/fs/cgroup',
    });
    expect(findControlGroup('memory', '0::/..name\n', mounts(V2))?.folder).toBe('/sys/fs/cgroup/..name');
    expect(findControlGroup('memory', '0::/\n', mounts(V2))?.folder).toBe('/sys/fs/cgroup');
  });

  test('in version 1, each controller in its hierarchy', () => {
    const groups = '5:cpuset:/\n4:memory:/jobs/a b:c\n3:cpu,cpuacct:/\n1:name=systemd:/x\n';
    const all = mounts(V1_CPU, V1_MEMORY);
    expect(findControlGroup('memory', groups, all)).toMatchObject({
      version: 1,
      folder: '/sys/fs/cgroup/memory/jobs/a b:c',
    });
    expect(findControlGroup('cpu', groups, all)).toMatchObject({ version: 1, folder: '/sys/fs/cgroup/cpu,cpuacct' });
  });

  test('in version 1 where both are mounted and it is there', () => {
    const groups = '4:memory:/\n0::/system.slice\n';
    const all = mounts(V2.replace('/sys/fs/cgroup', '/sys/fs/cgroup/unified'), V1_MEMORY);
    expect(findControlGroup('memory', groups, all)?.version).toBe(1);
    expect(findControlGroup('cpu', groups, all)).toMatchObject({
      version: 2,
      folder: '/sys/fs/cgroup/unified/system.slice',
    });
  });

  test('below the folder that is mounted, whatever its name', () => {
    const mounted = V1_MEMORY.replace(' / /sys/fs/cgroup/memory', ' /docker/ab /sys/fs/my\\040groups');
    expect(findControlGroup('memory', '4:memory:/docker/ab\n', mounts(mounted))?.folder).toBe('/sys/fs/my groups');
    expect(findControlGroup('memory', '4:memory:/docker/ab/c\n', mounts(mounted))?.folder).toBe('/sys/fs/my groups/c');
  });

  test.each([
    ['is not mounted', '4:memory:/\n', mounts(V1_CPU)],
    ['is in no group', '', mounts(V1_MEMORY, V2)],
    ['is beside what is mounted', '0::/../../other\n', mounts(V2)],
    ['is below what is mounted from outside', '0::/\n', mounts(V2.replace(' / ', ' /.. '))],
    ['is above what is mounted', '4:memory:/\n', mounts(V1_MEMORY.replace(' / ', ' /docker/ab '))],
    ['is nowhere to be read of', '', ''],
  ])('nowhere where it %s', (_, groups, all) => {
    expect(findControlGroup('memory', groups, all)).toBeUndefined();
  });
});
