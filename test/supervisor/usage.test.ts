import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ProcessIdentity, signalGroup, signalProcess } from '../../src/supervisor/identity.ts';
import { exactBytes, UsageMeter } from '../../src/supervisor/usage.ts';
import { identityOf, inState, start, startFixture, until } from './processes.ts';

/** On other systems nothing can be seen, and there is nothing to compare with. */
const linux = describe.runIf(process.platform === 'linux');

test('a process that is gone, or whose number is somebody else’s, uses nothing', async () => {
  const { identity, ended } = await start('sleep', ['1000']);
  const meter = new UsageMeter({ ...identity, startTime: `${identity.startTime}0` });
  expect(meter.sample()).toBeUndefined();
  expect(meter.totals).toBeUndefined();
  expect(exactBytes({ ...identity, startTime: '0' })).toBeUndefined();
  signalProcess(identity, 'SIGKILL');
  await ended;
  expect(new UsageMeter(identity).sample()).toBeUndefined();
  expect(exactBytes(identity)).toBeUndefined();
});

linux('CPU time', () => {
  test('is that of the whole tree, and its percentage that of the time between', async () => {
    const burner = await startFixture('burns-cpu.js');
    const tree = [burner.identity, identityOf(Number(await burner.line()))];
    const meter = new UsageMeter(burner.identity);
    await stopped(tree);
    const before = ticksOf(tree);
    expect(meter.sample(1_000)).toMatchObject({ at: 1_000, cpuSeconds: before / 100, processes: 2 });
    signalGroup(burner.identity, 'SIGCONT');
    await until(() => ticksOf(tree) >= before + 20, 'the use of 20 ticks');
    await stopped(tree);
    const after = ticksOf(tree);
    const usage = meter.sample(1_500);
    expect(usage?.cpuSeconds).toBe(after / 100);
    expect(usage?.cpuPercent).toBeCloseTo((after - before) / 0.5, 6);
    expect(meter.totals?.cpuSeconds).toBe(after / 100);
  });

  test('is not told from an interval too short for its ticks', async () => {
    const burner = await startFixture('burns-cpu.js');
    const tree = [burner.identity, identityOf(Number(await burner.line()))];
    const meter = new UsageMeter(burner.identity);
    await stopped(tree);
    const first = meter.sample(0);
    const before = ticksOf(tree);
    signalGroup(burner.identity, 'SIGCONT');
    await until(() => ticksOf(tree) >= before + 5, 'the use of 5 ticks');
    await stopped(tree);
    expect(meter.sample(10)?.cpuPercent).toBe(first?.cpuPercent);
    // What the short interval left out is in the next one.
    expect(meter.sample(1_000)?.cpuPercent).toBeCloseTo(ticksOf(tree) - before, 6);
  });

  test('at first is that since the start', async () => {
    const burner = await startFixture('burns-cpu.js');
    const tree = [burner.identity, identityOf(Number(await burner.line()))];
    await until(() => ticksOf(tree) >= 20, 'the use of 20 ticks');
    await stopped(tree);
    const shortest = elapsedOf(burner.identity);
    const usage = new UsageMeter(burner.identity).sample();
    const longest = elapsedOf(burner.identity);
    expect(usage?.elapsedSeconds).toBeGreaterThanOrEqual(shortest - 0.01);
    expect(usage?.elapsedSeconds).toBeLessThanOrEqual(longest + 0.01);
    expect(usage?.cpuPercent).toBeCloseTo(ticksOf(tree) / (usage?.elapsedSeconds ?? 0), 6);
  });

  test('of a child that has ended and was waited for is not lost', async () => {
    // The shell becomes the sleep, so that it has no other child.
    const program = 'i=0; (while [ $i -lt 300000 ]; do i=$((i+1)); done); echo done; exec sleep 1000';
    const parent = await start('sh', ['-c', program]);
    await parent.line();
    await stopped([parent.identity]);
    const fields = statOf(parent.identity);
    const waitedFor = Number(fields[13]) + Number(fields[14]);
    expect(waitedFor).toBeGreaterThan(0);
    const own = Number(fields[11]) + Number(fields[12]);
    expect(new UsageMeter(parent.identity).sample()?.cpuSeconds).toBe((own + waitedFor) / 100);
  });
});

linux('memory', () => {
  test('is that of the whole tree, in bytes, and the most is remembered', async () => {
    // The shell becomes the sleep, so that it is alone once its child has ended.
    const program = '"$0" test/fixtures/leaks-memory.js 100 & echo $!; wait; exec sleep 1000';
    const parent = await start('sh', ['-c', program, process.execPath]);
    const said = [await parent.line(), await parent.line()];
    const child = identityOf(Number(said.find((line) => line !== 'ready')));
    signalProcess(child, 'SIGUSR2');
    expect(await parent.line()).toBe('full');
    const meter = new UsageMeter(parent.identity);
    const usage = meter.sample();
    expect(usage?.processes).toBe(2);
    expect(usage?.rssBytes).toBeGreaterThan(100 * 1024 ** 2);
    // The kernel counts roughly (proc(5), on rss), exactly only for /proc/PID/status.
    const exact = 1024 * residentKilobytes([parent.identity.pid, child.pid]);
    expect(Math.abs((usage?.rssBytes ?? 0) / exact - 1)).toBeLessThan(0.05);
    signalProcess(child, 'SIGKILL');
    await until(() => meter.sample()?.processes === 1, 'the end of the child');
    expect(meter.totals?.peakMemoryBytes).toBeGreaterThanOrEqual(usage?.rssBytes ?? Number.NaN);
    expect(meter.sample()?.rssBytes).toBeLessThan(100 * 1024 ** 2);
  });

  test('that two processes share is counted once by the exact sum alone', async () => {
    const sharing = await startFixture('shares-memory.sh');
    await sharing.line();
    const usage = new UsageMeter(sharing.identity).sample();
    const exact = exactBytes(sharing.identity) ?? Number.NaN;
    expect(usage?.rssBytes).toBeGreaterThan(64 * 1024 ** 2);
    expect(exact).toBeGreaterThan(32 * 1024 ** 2);
    expect(exact).toBeLessThan(0.6 * (usage?.rssBytes ?? 0));
  });
});

/** Nothing of what these do goes on until they are continued. */
async function stopped(tree: ProcessIdentity[]): Promise<void> {
  for (const identity of tree) signalProcess(identity, 'SIGSTOP');
  await Promise.all(tree.map(({ pid }) => inState(pid, 'T')));
}

/** The fields of proc(5), /proc/PID/stat, from the state on. */
function statOf({ pid }: ProcessIdentity): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
}

function ticksOf(tree: ProcessIdentity[]): number {
  return tree.map(statOf).reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0);
}

function elapsedOf(identity: ProcessIdentity): number {
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return uptime - Number(statOf(identity)[19]) / 100;
}

/** As the kernel itself puts it in kilobytes: what pages are is none of the test's knowledge. */
function residentKilobytes(pids: number[]): number {
  return pids
    .map((pid) => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]))
    .reduce((sum, kilobytes) => sum + kilobytes, 0);
}
