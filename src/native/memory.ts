/**
 * How much memory this process and those that it starts may use: what they have, and what is free.
 *
 * Free on the machine is what the kernel says it could give without swapping (MemAvailable, proc(5)). Where control
 * groups hold this process, each of them on the way up leaves the rest of its limit. Cached files are not counted as
 * used there, since the kernel gives them up first (Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst).
 */
import { freemem } from 'node:os';
import { dirname, posix } from 'node:path';
import { type ControlGroup, kernelText, ownControlGroup } from './control-group.ts';

/** Limits are whole pages, the largest of them 64 KB. */
const PAGE_BYTES = 65_536;

export interface MemoryOptions {
  /** A limit that is known anyway: a group that has just this one is left out. */
  ownLimitBytes?: number;
}

/** Bytes that this process and those that it starts may have together: what it has by now, and what is free. */
export function usableMemoryBytes(options: MemoryOptions = {}): number {
  return freeMemoryBytes(options) + process.memoryUsage.rss();
}

/** Bytes that this process and those that it starts could have beside what they have. */
export function freeMemoryBytes({ ownLimitBytes }: MemoryOptions = {}): number {
  const group = ownControlGroup('memory');
  const rooms = group ? groupsUpwards(group).map(roomIn) : [];
  const binding = rooms.filter(({ limitBytes }) => !isOwn(limitBytes, ownLimitBytes)).map(({ freeBytes }) => freeBytes);
  return Math.max(0, Math.min(freeOfMachine(), ...binding));
}

function freeOfMachine(): number {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(kernelText('/proc/meminfo') ?? '')?.[1];
  return available === undefined ? freemem() : Number(available) * 1024;
}

/** What a control group may have, and what is left of it; infinite where it has no limit. */
export interface Room {
  limitBytes: number;
  freeBytes: number;
}

/** The room in one group, without those above it. */
export function roomIn({ version, folder }: Pick<ControlGroup, 'version' | 'folder'>): Room {
  const read = (file: string) => kernelText(posix.join(folder, file))?.trim();
  const [limit, usage] =
    version === 1
      ? [read('memory.limit_in_bytes'), read('memory.usage_in_bytes')]
      : [read('memory.max'), read('memory.current')];
  // Without a limit version 2 says so in a word, version 1 by the largest number that it can write.
  const limitBytes = limit === undefined || limit === 'max' ? Number.POSITIVE_INFINITY : Number(limit);
  if (limitBytes > Number.MAX_SAFE_INTEGER || usage === undefined) {
    return { limitBytes: Number.POSITIVE_INFINITY, freeBytes: Number.POSITIVE_INFINITY };
  }
  const stat = read('memory.stat') ?? '';
  const prefix = version === 1 ? 'total_' : '';
  const cached = ['inactive_file', 'active_file'].map((name) => countIn(stat, prefix + name));
  const freeBytes = limitBytes - Number(usage) + cached.reduce((sum, bytes) => sum + bytes, 0);
  return { limitBytes, freeBytes: Math.min(freeBytes, limitBytes) };
}

function groupsUpwards({ version, folder, mountPoint }: ControlGroup): Pick<ControlGroup, 'version' | 'folder'>[] {
  const groups = [];
  for (let at = folder; ; at = dirname(at)) {
    groups.push({ version, folder: at });
    if (at === mountPoint || at === dirname(at)) return groups;
  }
}

function isOwn(limitBytes: number, ownLimitBytes: number | undefined): boolean {
  return ownLimitBytes !== undefined && Math.abs(limitBytes - ownLimitBytes) <= PAGE_BYTES;
}

function countIn(stat: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
}
