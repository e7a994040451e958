import { getPriority, setPriority } from 'node:os';

let wasRefused = false;

/**
 * Lets a process stand back behind other programs, as far as this process does not already, and with it all that it starts
 * from then on.
 * @param niceness 0 (not at all) to 19, nice(2)
 * @param onRefused told the first time that the system does not allow it, as a sandbox that filters system calls; it is
 *   the same for every process then, and each works as well without
 */
export function standBack(pid: number, niceness: number, onRefused: (sentence: string) => void): void {
  try {
    if (niceness === 0 || getPriority() >= niceness) return;
    setPriority(pid, niceness);
  } catch (error) {
    // Gone already: whoever waits for it learns that.
    const { code } = (error as { info?: { code?: string } }).info ?? {};
    if (code === undefined) throw error;
    if (code === 'ESRCH' || wasRefused) return;
    wasRefused = true;
    onRefused(`The system does not let a job stand back behind other programs (${code}); it works all the same.`);
  }
}
