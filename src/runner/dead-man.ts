/**
 * Ends this process and everything in its process group at once.
 *
 * A runner leads a group of its own; engine workers and ffmpeg stay in it. When the channel to the supervisor closes
 * nobody is left who could end them, so the runner does it, itself included.
 */
export function endOwnGroup(): never {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // Not the leader of a group (started by hand): then there is nobody else to take along.
  }
  process.exit(137);
}

/** From now on a closed channel ends this process and its group. */
export function dieWithSupervisor(): void {
  process.on('disconnect', endOwnGroup);
  // It may have closed before anybody listened.
  if (!process.connected) endOwnGroup();
}
