/**
 * How often the kernel's out-of-memory killer struck.
 *
 * What it takes ends by SIGKILL and says nothing, so whoever misses a process compares the count from before with the
 * count after. The kernel raises the count before it sends the signal (mm/oom_kill.c): when the end of a process is
 * seen, it is counted. There are two counts. The host's counts every kill, a neighbour's too. A control group counts
 * the kills inside of it, whether its own limit or the host's memory ran out, and so tells more exactly whose end it
 * was; a process and its children share one.
 */
import { posix } from 'node:path';
import { type ControlGroup, kernelText, ownControlGroup } from './control-group.ts';

/** Kills since the host started (proc(5), /proc/vmstat, Linux 4.13 or later). Undefined where nobody counts. */
export function oomKills(): number | undefined {
  return process.platform === 'linux' ? countIn(kernelText('/proc/vmstat')) : undefined;
}

/** Kills in the memory control group of this process, or of the whole host where there is none that counts. */
export function ownOomKills(): number | undefined {
  const own = ownControlGroup('memory');
  return (own && oomKillsOf(own)) ?? oomKills();
}

/** Kills in a control group with the memory controller. Undefined where it does not count them. */
export function oomKillsOf({ version, folder }: Pick<ControlGroup, 'version' | 'folder'>): number | undefined {
  // Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst
  return countIn(kernelText(posix.join(folder, version === 1 ? 'memory.oom_control' : 'memory.events')));
}

/** All three files that count have a line of its own for it. */
function countIn(text: string | undefined): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(text ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
}
