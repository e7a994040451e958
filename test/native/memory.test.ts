import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freeMemoryBytes, roomIn } from '../../src/native/memory.ts';
import { createCgroup } from '../../src/supervisor/cgroup.ts';
import { nextMessage, startChild } from '../store/child.ts';
import { until } from '../supervisor/processes.ts';
import { scratchPath } from '../support/scratch.ts';

const MB = 1024 ** 2;
const LIMIT_BYTES = 192 * MB;

function makeGroup() {
  return createCgroup(`longhand-test-${randomUUID()}`, { memoryBytes: LIMIT_BYTES });
}

const probe = makeGroup();
probe?.remove();

test('something is free, and less than there is', () => {
  expect(freeMemoryBytes()).toBeGreaterThan(0);
  expect(freeMemoryBytes()).toBeLessThan(totalmem());
});

test.runIf(probe?.hasMemoryLimit)('a process in a control group may use no more than its limit leaves', async () => {
  const control = makeGroup();
  if (!control) throw new Error('No control group can be made.');
  onTestFinished(() => until(() => control.remove(), 'the removal of the control group'));
  const source = `
    import { freeMemoryBytes, usableMemoryBytes } from './src/native/memory.ts';
    process.on('message', (ownLimitBytes) =>
      process.send([freeMemoryBytes(), usableMemoryBytes(), usableMemoryBytes({ ownLimitBytes })]));
    process.send('ready');`;
  const child = await startChild(source, []);
  await nextMessage(child);
  control.add(child.pid as number);
  child.send(LIMIT_BYTES);
  const [free, usable, beside] = (await nextMessage(child)) as [number, number, number];
  expect(free).toBeLessThanOrEqual(LIMIT_BYTES);
  // What it has itself it may use; what it had before it came is not counted by the group.
  expect(usable).toBeGreaterThan(free);
  expect(usable).toBeLessThan(LIMIT_BYTES + 128 * MB);
  expect(beside).toBeGreaterThan(usable);
});

/** A group as the kernel shows it, in files. */
function group(files: Record<string, string>): string {
  const folder = scratchPath(`group-${randomUUID()}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
  return folder;
}

describe('a control group', () => {
  test('of version 1 leaves its limit less what is used; cached files can be given up', () => {
    const stat = `cache 9\ninactive_file 1\ntotal_inactive_file ${30 * MB}\ntotal_active_file ${10 * MB}`;
    const folder = group({
      'memory.limit_in_bytes': `${500 * MB}`,
      'memory.usage_in_bytes': `${200 * MB}`,
      'memory.stat': stat,
    });
    expect(roomIn({ version: 1, folder })).toEqual({ limitBytes: 500 * MB, freeBytes: 340 * MB });
  });

  test('of version 2 too', () => {
    const stat = `anon 7\nfile 8\ninactive_file ${30 * MB}\nactive_file ${10 * MB}`;
    const folder = group({ 'memory.max': `${500 * MB}`, 'memory.current': `${200 * MB}`, 'memory.stat': stat });
    expect(roomIn({ version: 2, folder })).toEqual({ limitBytes: 500 * MB, freeBytes: 340 * MB });
  });

  test('without a limit leaves all there is', () => {
    const none = { limitBytes: Number.POSITIVE_INFINITY, freeBytes: Number.POSITIVE_INFINITY };
    const v1 = group({ 'memory.limit_in_bytes': '9223372036854771712', 'memory.usage_in_bytes': '1' });
    const v2 = group({ 'memory.max': 'max', 'memory.current': '1' });
    expect([roomIn({ version: 1, folder: v1 }), roomIn({ version: 2, folder: v2 })]).toEqual([none, none]);
    expect(roomIn({ version: 2, folder: group({}) })).toEqual(none);
  });
});
