/**
 * Starts native programs (ffmpeg, recognisers) under a runner so that they cannot outlive it.
 *
 * Three nets hold them: they stay in the runner's process group, which the guard and the supervisor end; on Linux they
 * carry the parent-death signal (`setpriv --pdeathsig KILL`, util-linux; see prctl(2) PR_SET_PDEATHSIG), which the
 * kernel sends when the thread that started them is gone; and they inherit the run's token, by which a sweep finds
 * whatever escaped the first two.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Finds a program on PATH. Returns its absolute path, or undefined. */
export function findProgram(name: string, path: string = process.env.PATH ?? ''): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (!folder) continue;
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return undefined;
}

let setpriv: string | undefined | null = null;

/** The words to put before a command so that it dies with the process that starts it. Empty where there is no such means. */
export function deathSignalPrefix(): string[] {
  if (setpriv === null) setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];
}

let prlimit: string | undefined | null = null;

/**
 * The words to put before a command so that it gets no more memory of its own than this, whatever it is given to read
 * (`prlimit --data`, util-linux; RLIMIT_DATA in getrlimit(2)). Beyond it the program is refused memory and says so. Empty
 * where there is no such means.
 */
export function memoryLimitPrefix(bytes: number): string[] {
  if (prlimit === null) prlimit = process.platform === 'linux' ? findProgram('prlimit') : undefined;
  return prlimit ? [prlimit, `--data=${bytes}`, '--'] : [];
}

/** Starts a program with an argument list, never through a shell, tied to the life of this process. */
export function spawnNative(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [first, ...rest] = [...deathSignalPrefix(), command, ...args];
  return spawn(first as string, rest, { ...options, shell: false, detached: false });
}
