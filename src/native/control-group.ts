/** Which control group (cgroups(7)) holds this process, in version 1 or 2. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

export type Controller = 'memory' | 'cpu';

/** Where a controller holds this process. */
export interface ControlGroup {
  version: 1 | 2;
  controller: Controller;
  folder: string;
  /** Where its hierarchy is mounted: there is nothing above it. */
  mountPoint: string;
}

/** The control group that this process is in. Undefined where control groups are not mounted or not to be seen. */
export function ownControlGroup(controller: Controller): ControlGroup | undefined {
  if (process.platform !== 'linux') return undefined;
  const groups = kernelText('/proc/self/cgroup') ?? '';
  return findControlGroup(controller, groups, kernelText('/proc/self/mountinfo') ?? '');
}

/**
 * Finds a control group in the texts of /proc/PID/cgroup (cgroups(7)) and /proc/PID/mountinfo (proc(5)).
 * A controller is in one hierarchy only: one of version 1 that names it, or else the one of version 2.
 */
export function findControlGroup(controller: Controller, groups: string, mounts: string): ControlGroup | undefined {
  const lines = groups.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const v1 = lines.find((line) => line?.[1]?.split(',').includes(controller));
  const path = (v1 ?? lines.find((line) => line?.[1] === ''))?.[2];
  if (path === undefined) return undefined;
  for (const line of mounts.split('\n')) {
    const { root, mountPoint, type, options } = mountIn(line);
    if (v1 ? type !== 'cgroup' || !options.includes(controller) : type !== 'cgroup2') continue;
    // Our group is not below what is mounted, as in a container that was given another part: it is not to be seen.
    if ([root, path, posix.relative(root, path)].some(leadsUp)) continue;
    return {
      version: v1 ? 1 : 2,
      controller,
      folder: posix.resolve(mountPoint, posix.relative(root, path)),
      mountPoint,
    };
  }
  return undefined;
}

function leadsUp(path: string): boolean {
  return path.split('/').includes('..');
}

function mountIn(line: string) {
  const [place = '', system = ''] = line.split(' - ');
  const [, , , root = '', mountPoint = ''] = place.split(' ').map(unescaped);
  const [type = '', , options = ''] = system.split(' ');
  return { root, mountPoint, type, options: options.split(',') };
}

/** Spaces and the like stand there as \040. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** A file that the kernel makes up. Undefined where it does not exist, is gone by now, or is not for us. */
export function kernelText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENODEV', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
