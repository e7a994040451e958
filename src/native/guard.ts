import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A guard stands beside a runner, in a group of its own, and kills the runner's group when this process is gone.
 *
 * The runner ends itself when its channel closes, but a runner that is stopped or stuck cannot. The guard does nothing
 * but wait for the end of its standard input, which this process holds: however this process dies, the kernel closes it.
 * It must be dismissed before the runner is reaped, since the group's number is free for others after that.
 */
export class Guard {
  readonly #process: ChildProcess;
  #dismissed = false;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** @param groupId the process group that the runner leads */
  static over(groupId: number): Guard {
    const child = spawn('sh', ['-c', 'read _; kill -9 -"$0"', String(groupId)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Its end is our doing; the write end of its input may break when it goes.
    child.stdin?.on('error', () => undefined);
    child.on('error', () => undefined);
    child.unref();
    return new Guard(child);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves when the guard is gone. Idempotent. */
  async dismiss(): Promise<void> {
    if (this.#dismissed || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#dismissed = true;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    // Whoever waits for its end may have nothing else to do, and would end before it.
    this.#process.ref();
    // A child that was not reaped yet: the number is still its own.
    if (this.#process.kill('SIGKILL')) await gone;
  }
}
