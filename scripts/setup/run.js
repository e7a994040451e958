import { spawn } from 'node:child_process';
import { Interrupted, SetUpError } from './say.js';

const KILL_AFTER_MS = 5_000;
const KEPT_OUTPUT = 200_000;

/**
 * @typedef {object} RunOptions
 * @property {AbortSignal} signal aborted when the set-up is interrupted; its reason is the signal's name
 * @property {number} lock the open lock file: what is running holds the lock too, should the set-up itself be killed
 * @property {string} [cwd]
 * @property {Record<string, string>} [env] on top of the set-up's own
 * @property {boolean} [gentle] asked to stop and waited for: a package manager must not be ended in the middle
 * @property {boolean} [shown] the user sees its output, such as progress
 */

/**
 * Runs a program quietly: its output is kept for the case that it fails. It stands in a process group of its own, so that
 * Ctrl-C reaches only the set-up, which ends the program in the way that suits it and waits until it is gone.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<void>}
 * @throws {SetUpError} with the output, when it cannot be started or fails
 * @throws {Interrupted}
 */
export function run(command, args, { signal, lock, cwd, env, gentle = false, shown = false }) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new Interrupted(signal.reason));
      return;
    }
    const output = shown ? process.stderr.fd : 'pipe';
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output, lock],
      detached: true,
    });
    let kept = '';
    const keep = (/** @type {Buffer} */ part) => {
      kept = (kept + part).slice(-KEPT_OUTPUT);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);

    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const interrupt = () => {
      if (gentle) {
        child.kill('SIGINT');
        return;
      }
      signalGroup(child, 'SIGTERM');
      timer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
    };
    signal.addEventListener('abort', interrupt, { once: true });

    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', interrupt);
    };
    child.on('error', (error) => {
      // A program that sudo made root's cannot be signalled: it comes to its end by itself.
      if (error.syscall === 'kill') return;
      settle();
      reject(new SetUpError(`${command} could not be started: ${error.message}`));
    });
    child.on('close', (code, killedBy) => {
      settle();
      if (signal.aborted) reject(new Interrupted(signal.reason));
      else if (code === 0) resolve();
      else {
        const end = killedBy ? `was ended by ${killedBy}` : `failed with exit code ${code}`;
        reject(new SetUpError(`\`${[command, ...args].join(' ')}\` ${end}.`, kept));
      }
    });
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // Already gone: what was wanted.
    if (error.code !== 'ESRCH') throw error;
  }
}
