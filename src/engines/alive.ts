/**
 * Whether a process with this pid lives on this machine. Says nothing about which process it is: good enough to spare
 * the unfinished files of somebody who may still be writing them, not to send a signal.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
