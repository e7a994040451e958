/**
 * A control group of one run: the kernel holds its processes to their memory and their cores.
 *
 * Version 1 has a hierarchy for each controller, and a group below our own can be made wherever it may be written. In
 * version 2 there is one hierarchy, and a group that has processes, as our own has, cannot hand controllers on (the
 * rule of no internal processes, Documentation/admin-guide/cgroup-v2.rst). So the run's group stands below ours only
 * where that rule does not hold, at the root, and else beside ours, below our parent: that is what systemd makes
 * possible with `Delegate=` and `DelegateSubgroup=`. We do not leave our own group where it has limits, since they are
 * meant for us and all that we start.
 *
 * Nothing here is needed for a run to be ended: kills go by identity and token, wherever the processes are. A process
 * that goes over the memory limit is ended by the kernel with SIGKILL; that it was so only `oomKills` tells. The others
 * of the group live on (`memory.oom.group` stays 0): an engine worker may die alone.
 *
 * Where the system refuses (no rights, no controller, an invalid value) there is no group or no limit, and no error:
 * memory is then measured, and cores are held by the number of threads.
 */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { type ControlGroup, type Controller, kernelText, ownControlGroup } from '../native/control-group.ts';
import { oomKillsOf } from '../native/oom.ts';

/** The kernel's own default period of a CPU quota; Documentation/scheduler/sched-bwc.rst. */
const CPU_PERIOD_US = 100_000;
/** The kernel refuses a smaller quota. */
const LEAST_QUOTA_US = 1_000;
/** Together a second. */
const REMOVAL_TRIES = 40;
const REMOVAL_PAUSE_MS = 25;
const NAME = /^[A-Za-z0-9][\w-]*$/;

export interface CgroupLimits {
  memoryBytes?: number;
  /** May be a fraction. */
  cpuCores?: number;
}

export interface Cgroup {
  /** Whether the kernel holds all that was added to the memory limit. */
  readonly hasMemoryLimit: boolean;
  /** Whether the kernel holds all that was added to the cores. */
  readonly hasCpuLimit: boolean;
  /** Puts a process in; what it starts from then on is in it too. Answers whether it is in: it may be gone. */
  add(pid: number): boolean;
  /** The most memory used so far, cached files included. Undefined where the kernel does not tell (before Linux 5.19). */
  memoryPeakBytes(): number | undefined;
  /** How many of its processes the kernel ended for want of memory: over the limit, or because the host had none left. */
  oomKills(): number;
  /** Removes it, with its counts. Answers false while processes are in it; then it may be tried again. */
  remove(): boolean;
}

/**
 * Makes a control group with these limits.
 * @param name letters, digits, `_` and `-`; a group of this name that was left behind is made anew
 * @returns undefined where none of the limits can be held this way
 */
export function createCgroup(name: string, limits: CgroupLimits): Cgroup | undefined {
  requireName(name);
  const wanted: Controller[] = [];
  if (limits.memoryBytes !== undefined) wanted.push('memory');
  if (limits.cpuCores !== undefined) wanted.push('cpu');
  const parts = parentsFor(wanted).flatMap((parent) => makePart(parent, name, limits) ?? []);
  return parts.length > 0 ? new KernelCgroup(parts) : undefined;
}

/**
 * Removes a group whose processes were ended. For a moment longer the kernel may count them.
 * @param remove answers whether it did
 * @returns false when it could not be removed
 */
export async function removeSoon(remove: () => boolean, clock: Clock): Promise<boolean> {
  for (let tries = 1; !remove(); tries += 1) {
    if (tries === REMOVAL_TRIES) return false;
    await clock.sleep(REMOVAL_PAUSE_MS);
  }
  return true;
}

/** Removes what a dead owner left, if it was made from where we are. Answers whether nothing of it is left here. */
export function removeCgroup(name: string): boolean {
  requireName(name);
  const groups = [ownControlGroup('memory'), ownControlGroup('cpu')].filter((group) => group !== undefined);
  const folders = new Set(groups.flatMap(candidates).map((parent) => join(parent, name)));
  return [...folders].map(removeFolder).every((removed) => removed);
}

/** Where a group can be made, and what it can limit there. */
export interface Parent {
  version: 1 | 2;
  folder: string;
  controllers: Controller[];
}

function parentsFor(wanted: Controller[]): Parent[] {
  const own = wanted.map(ownControlGroup).filter((group) => group !== undefined);
  const v2 = own.filter(({ version }) => version === 2);
  const parents: Parent[] = [];
  for (const { version, folder, controller } of own) {
    if (version === 2) continue;
    const shared = parents.find((parent) => parent.folder === folder);
    if (shared) shared.controllers.push(controller);
    else parents.push({ version, folder, controllers: [controller] });
  }
  const delegated =
    v2[0] &&
    delegatedParent(
      v2[0],
      v2.map(({ controller }) => controller),
    );
  return delegated ? [...parents, delegated] : parents;
}

/** The first candidate of version 2 that hands on all these controllers, or else the first that hands on any. */
export function delegatedParent(own: ControlGroup, wanted: Controller[]): Parent | undefined {
  let some: Parent | undefined;
  for (const folder of candidates(own)) {
    const controllers = wanted.filter((controller) => handsOn(folder, controller));
    if (controllers.length === wanted.length) return { version: 2, folder, controllers };
    if (controllers.length > 0) some ??= { version: 2, folder, controllers };
  }
  return some;
}

function candidates(own: ControlGroup): string[] {
  const stays = own.version === 1 || own.folder === own.mountPoint || hasLimits(own.folder);
  return stays ? [own.folder] : [own.folder, dirname(own.folder)];
}

function hasLimits(folder: string): boolean {
  return ['memory.max', 'memory.high', 'cpu.max'].some((file) => {
    const text = kernelText(join(folder, file));
    return text !== undefined && !text.startsWith('max');
  });
}

/** Asks for it where it is not so; what was enabled stays so, since others may count on it. */
function handsOn(folder: string, controller: Controller): boolean {
  const file = join(folder, 'cgroup.subtree_control');
  const handedOn = kernelText(file)?.trim().split(' ') ?? [];
  return handedOn.includes(controller) || write(file, `+${controller}`);
}

interface Part {
  version: 1 | 2;
  folder: string;
  /** The controllers that accepted their limit. */
  controllers: Controller[];
}

function makePart(parent: Parent, name: string, limits: CgroupLimits): Part | undefined {
  const { version } = parent;
  const folder = join(parent.folder, name);
  if (!makeFolder(folder)) return undefined;
  const controllers = parent.controllers.filter((controller) =>
    limitFiles(version, controller, limits).every(
      ({ file, value, optional }) => write(join(folder, file), value) || optional,
    ),
  );
  if (controllers.length > 0) return { version, folder, controllers };
  removeFolder(folder);
  return undefined;
}

export interface LimitFile {
  file: string;
  value: string;
  /** May be missing: a kernel without accounting of swap. */
  optional: boolean;
}

/** What is written where for a limit, in this order. Swap is no way around the memory limit. */
export function limitFiles(version: 1 | 2, controller: Controller, limits: CgroupLimits): LimitFile[] {
  const needed = (file: string, value: string | number) => ({ file, value: String(value), optional: false });
  const { memoryBytes = 0, cpuCores = 0 } = limits;
  if (controller === 'memory') {
    const swap = version === 1 ? ['memory.memsw.limit_in_bytes', String(memoryBytes)] : ['memory.swap.max', '0'];
    return [
      needed(version === 1 ? 'memory.limit_in_bytes' : 'memory.max', memoryBytes),
      { file: swap[0] as string, value: swap[1] as string, optional: true },
    ];
  }
  const quota = Math.max(LEAST_QUOTA_US, Math.round(cpuCores * CPU_PERIOD_US));
  if (version === 2) return [needed('cpu.max', `${quota} ${CPU_PERIOD_US}`)];
  return [needed('cpu.cfs_period_us', CPU_PERIOD_US), needed('cpu.cfs_quota_us', quota)];
}

class KernelCgroup implements Cgroup {
  readonly #parts: Part[];
  #refused = new Set<Part>();

  constructor(parts: Part[]) {
    this.#parts = parts;
  }

  get hasMemoryLimit(): boolean {
    return this.#holds('memory');
  }

  get hasCpuLimit(): boolean {
    return this.#holds('cpu');
  }

  add(pid: number): boolean {
    const refused = this.#parts.filter(({ folder }) => !write(join(folder, 'cgroup.procs'), String(pid)));
    for (const part of refused) this.#refused.add(part);
    return refused.length === 0;
  }

  memoryPeakBytes(): number | undefined {
    const part = this.#part('memory');
    const file = part?.version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak';
    const text = part && kernelText(join(part.folder, file));
    return text === undefined ? undefined : Number(text);
  }

  oomKills(): number {
    const part = this.#part('memory');
    return (part && oomKillsOf(part)) ?? 0;
  }

  remove(): boolean {
    return this.#parts.map(({ folder }) => removeFolder(folder)).every((removed) => removed);
  }

  #part(controller: Controller): Part | undefined {
    return this.#parts.find(({ controllers }) => controllers.includes(controller));
  }

  #holds(controller: Controller): boolean {
    const part = this.#part(controller);
    return part !== undefined && !this.#refused.has(part);
  }
}

function requireName(name: string): void {
  if (!NAME.test(name)) throw new TypeError(`"${name}" is no name for a control group.`);
}

function makeFolder(folder: string): boolean {
  return removeFolder(folder) && succeeds(() => mkdirSync(folder));
}

function removeFolder(folder: string): boolean {
  return !existsSync(folder) || succeeds(() => rmdirSync(folder));
}

/** Only into a file that exists: the kernel makes them, and one that is not there is a controller that is not there. */
function write(file: string, text: string): boolean {
  return succeeds(() => writeFileSync(file, text, { flag: 'r+' }));
}

/** What the system refuses is an answer here, and no error. */
function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return false;
  }
}
