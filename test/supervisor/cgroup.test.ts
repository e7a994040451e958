/**
 * Real control groups, where the system lets the test make them: in a container with them writable, or as root. Version 1
 * and version 2 are told apart by what is mounted. What is tested without them are decisions on the kernel's own texts.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findControlGroup } from '../../src/native/control-group.ts';
import {
  type Cgroup,
  type CgroupLimits,
  createCgroup,
  delegatedParent,
  limitFiles,
  removeCgroup,
} from '../../src/supervisor/cgroup.ts';
import { isAlive, signalProcess } from '../../src/supervisor/identity.ts';
import { nextMessage, startChild } from '../store/child.ts';
import { scratchPath } from '../support/scratch.ts';
import { identityOf, inState, start, until } from './processes.ts';

const MB = 1024 ** 2;

function uniqueName(): string {
  return `longhand-test-${randomUUID()}`;
}

/** Gone when the test is over and the processes in it are. To be made before them: the last to come goes first. */
function make(limits: CgroupLimits, name = uniqueName()): Cgroup {
  const group = createCgroup(name, limits);
  if (!group) throw new Error('No control group can be made.');
  onTestFinished(() => until(() => group.remove(), 'the removal of the control group'));
  return group;
}

const limits = { memoryBytes: 96 * MB, cpuCores: 1.5 };
const probe = createCgroup(uniqueName(), limits);
const writable = { memory: probe?.hasMemoryLimit ?? false, cpu: probe?.hasCpuLimit ?? false };
probe?.remove();

/** The folder of the group that a process is in, found by what the kernel says of the process. */
function folderOf(pid: number, controller: 'memory' | 'cpu'): string {
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  return findControlGroup(controller, groups, readFileSync('/proc/self/mountinfo', 'utf8'))?.folder ?? '';
}

function leak(megabytes: number) {
  return start(process.execPath, ['test/fixtures/leaks-memory.js', String(megabytes)]);
}

describe.runIf(writable.memory)('memory', () => {
  test('a process that goes over the limit is ended by the kernel; the others live, and the count tells', async () => {
    const group = make({ memoryBytes: limits.memoryBytes });
    const leaking = await leak(400);
    const other = await start('sleep', ['1000']);
    expect([group.add(leaking.identity.pid), group.add(other.identity.pid)]).toEqual([true, true]);
    await leaking.line();
    expect(group.oomKills()).toBe(0);
    signalProcess(leaking.identity, 'SIGUSR2');
    await leaking.ended;
    expect(leaking.child.signalCode).toBe('SIGKILL');
    expect(group.oomKills()).toBe(1);
    expect(group.memoryPeakBytes()).toBeGreaterThan(0.9 * limits.memoryBytes);
    expect(group.memoryPeakBytes()).toBeLessThanOrEqual(limits.memoryBytes);
    expect(isAlive(other.identity)).toBe(true);
  });

  test('a process that stays below the limit is left alone, and so is one that is killed otherwise', async () => {
    const group = make({ memoryBytes: 400 * MB });
    const modest = await leak(50);
    group.add(modest.identity.pid);
    await modest.line();
    signalProcess(modest.identity, 'SIGUSR2');
    expect(await modest.line()).toBe('full');
    expect(group.memoryPeakBytes()).toBeGreaterThan(50 * MB);
    signalProcess(modest.identity, 'SIGKILL');
    await modest.ended;
    expect(group.oomKills()).toBe(0);
  });

  test('the limit holds for a process and what it starts, together', async () => {
    const group = make({ memoryBytes: limits.memoryBytes });
    const program =
      'exec 2>/dev/null; kill -STOP $$; "$0" test/fixtures/leaks-memory.js 400 & echo $!; wait $!; echo $?; sleep 1000';
    const parent = await start('sh', ['-c', program, process.execPath]);
    await inState(parent.identity.pid, 'T');
    group.add(parent.identity.pid);
    signalProcess(parent.identity, 'SIGCONT');
    const said = [await parent.line(), await parent.line()];
    const child = identityOf(Number(said.find((line) => line !== 'ready')));
    signalProcess(child, 'SIGUSR2');
    // 128 + 9: what a shell says of a child that ended by SIGKILL.
    expect(await parent.line()).toBe('137');
    expect(group.oomKills()).toBe(1);
  });

  test.runIf(writable.cpu)('without a limit on memory nothing is known of it', () => {
    const group = make({ cpuCores: 1 });
    expect([group.hasMemoryLimit, group.hasCpuLimit]).toEqual([false, true]);
    expect([group.memoryPeakBytes(), group.oomKills()]).toEqual([undefined, 0]);
  });
});

describe.runIf(writable.cpu)('cores', () => {
  test('are a quota of the time, for a process and what it starts', async () => {
    const group = make(limits);
    const parent = await start('sh', ['-c', 'kill -STOP $$; sleep 1000 & echo $!; wait']);
    await inState(parent.identity.pid, 'T');
    expect(group.add(parent.identity.pid)).toBe(true);
    signalProcess(parent.identity, 'SIGCONT');
    const child = Number(await parent.line());
    const folder = folderOf(parent.identity.pid, 'cpu');
    expect(quotaIn(folder)).toEqual({ quota: 150_000, period: 100_000 });
    const inside = readFileSync(join(folder, 'cgroup.procs'), 'utf8').trim().split('\n');
    expect(new Set(inside.map(Number))).toEqual(new Set([parent.identity.pid, child]));
  });

  test('that the kernel cannot hold leave the limit on memory', () => {
    const group = make({ memoryBytes: 96 * MB, cpuCores: 1e12 });
    expect([group.hasMemoryLimit, group.hasCpuLimit]).toEqual([writable.memory, false]);
  });
});

describe.runIf(writable.memory || writable.cpu)('a group', () => {
  test('is removed once nothing is in it', async () => {
    const name = uniqueName();
    const group = make(limits, name);
    const process = await start('sleep', ['1000']);
    group.add(process.identity.pid);
    const folders = [folderOf(process.identity.pid, 'memory'), folderOf(process.identity.pid, 'cpu')];
    expect(folders.every((folder) => folder.endsWith(name))).toBe(true);
    expect(group.remove()).toBe(false);
    expect(removeCgroup(name)).toBe(false);
    signalProcess(process.identity, 'SIGKILL');
    await process.ended;
    await until(() => group.remove(), 'the removal');
    expect(folders.map(existsSync)).toEqual([false, false]);
    expect(group.remove()).toBe(true);
  });

  test('that a dead owner left is removed by its name', async () => {
    const name = uniqueName();
    const owner = await startChild(
      `import { createCgroup } from './src/supervisor/cgroup.ts';
      process.send(createCgroup(process.argv[2], { memoryBytes: 2 ** 27, cpuCores: 1 }) !== undefined);`,
      [name],
    );
    expect(await nextMessage(owner)).toBe(true);
    expect(left(name)).toBe(true);
    expect(removeCgroup(name)).toBe(true);
    expect(left(name)).toBe(false);
    expect(removeCgroup(name)).toBe(true);
  });

  test('of the same name is made anew, unless it is in use', async () => {
    const name = uniqueName();
    make(limits, name);
    const second = make(limits, name);
    const process = await start('sleep', ['1000']);
    expect(second.add(process.identity.pid)).toBe(true);
    expect(createCgroup(name, limits)).toBeUndefined();
    expect(folderOf(process.identity.pid, 'memory')).toMatch(name);
  });

  test('holds nothing that it could not take in', async () => {
    const group = make(limits);
    expect([group.hasMemoryLimit, group.hasCpuLimit]).toEqual([writable.memory, writable.cpu]);
    const process = await start('sleep', ['1000']);
    signalProcess(process.identity, 'SIGKILL');
    await process.ended;
    expect(group.add(process.identity.pid)).toBe(false);
    expect([group.hasMemoryLimit, group.hasCpuLimit]).toEqual([false, false]);
  });
});

describe('there is no group', () => {
  test('without limits', () => {
    expect(createCgroup(uniqueName(), {})).toBeUndefined();
  });

  test.runIf(process.getuid?.() === 0)('where it may not be made', async () => {
    const child = await startChild(
      `import { createCgroup, removeCgroup } from './src/supervisor/cgroup.ts';
      process.setgid(65534);
      process.setuid(65534);
      const made = createCgroup('longhand-test', { memoryBytes: 2 ** 27, cpuCores: 1 });
      process.send([made === undefined, removeCgroup('longhand-test')]);`,
      [],
    );
    expect(await nextMessage(child)).toEqual([true, true]);
  });

  test.each(['', '.', '..', '../memory', 'a/b', '-x', 'a b'])('with the name "%s"', (name) => {
    expect(() => createCgroup(name, limits)).toThrow(TypeError);
    expect(() => removeCgroup(name)).toThrow(TypeError);
  });
});

test('what is written for a limit', () => {
  const lines = (version: 1 | 2, controller: 'memory' | 'cpu', cpuCores = 1.5) =>
    limitFiles(version, controller, { memoryBytes: 1000, cpuCores }).map(({ file, value }) => `${file}: ${value}`);
  expect(lines(1, 'memory')).toEqual(['memory.limit_in_bytes: 1000', 'memory.memsw.limit_in_bytes: 1000']);
  expect(lines(2, 'memory')).toEqual(['memory.max: 1000', 'memory.swap.max: 0']);
  expect(lines(1, 'cpu')).toEqual(['cpu.cfs_period_us: 100000', 'cpu.cfs_quota_us: 150000']);
  expect(lines(2, 'cpu')).toEqual(['cpu.max: 150000 100000']);
  expect(lines(2, 'cpu', 0.001)).toEqual(['cpu.max: 1000 100000']);
});

/** The choice alone, from the kernel's texts. A file that is not there stands for one that cannot be written. */
describe('the place in a hierarchy of version 2', () => {
  function own(files: { here?: Record<string, string>; above?: Record<string, string> }) {
    const mountPoint = scratchPath(uniqueName());
    const above = join(mountPoint, 'longhand.service');
    const folder = join(above, 'supervisor');
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(files.here ?? {})) writeFileSync(join(folder, file), `${text}\n`);
    for (const [file, text] of Object.entries(files.above ?? {})) writeFileSync(join(above, file), `${text}\n`);
    return { version: 2, controller: 'memory', folder, mountPoint } as const;
  }
  const handsOn = (controllers: string) => ({ 'cgroup.subtree_control': controllers });
  const unlimited = { 'memory.max': 'max', 'memory.high': 'max', 'cpu.max': 'max 100000' };

  test('is below our own group where that hands the controllers on', () => {
    const group = own({ here: handsOn('cpu io memory'), above: handsOn('cpu memory') });
    const controllers = ['memory', 'cpu'] as const;
    expect(delegatedParent(group, [...controllers])).toEqual({ version: 2, folder: group.folder, controllers });
  });

  test('is else beside it', () => {
    const group = own({ here: unlimited, above: handsOn('memory') });
    expect(delegatedParent(group, ['memory'])).toMatchObject({
      folder: dirname(group.folder),
      controllers: ['memory'],
    });
  });

  test.each([{ 'memory.max': '1073741824' }, { 'memory.high': '1073741824' }, { 'cpu.max': '50000 100000' }])(
    'is not where our own limits %j would be left behind',
    (limit) => {
      const group = own({ here: { ...unlimited, ...limit }, above: handsOn('memory cpu') });
      expect(delegatedParent(group, ['memory'])).toBeUndefined();
    },
  );

  test('is not above what is mounted, nor where no controller is handed on', () => {
    const group = own({ above: handsOn('memory') });
    expect(delegatedParent({ ...group, mountPoint: group.folder }, ['memory'])).toBeUndefined();
    expect(delegatedParent(own({}), ['memory'])).toBeUndefined();
  });
});

function quotaIn(folder: string): { quota: number; period: number } {
  const numbers = (file: string) => readFileSync(join(folder, file), 'utf8').trim().split(' ').map(Number);
  const [quota = 0, period = 0] = existsSync(join(folder, 'cpu.max'))
    ? numbers('cpu.max')
    : [...numbers('cpu.cfs_quota_us'), ...numbers('cpu.cfs_period_us')];
  return { quota, period };
}

/** Whether a folder of this name is where groups are made: below our own, or beside it. */
function left(name: string): boolean {
  const own = [folderOf(process.pid, 'memory'), folderOf(process.pid, 'cpu')];
  return own.some((folder) => existsSync(join(folder, name)) || existsSync(join(folder, '..', name)));
}
