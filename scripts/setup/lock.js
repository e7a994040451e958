/**
 * One set-up at a time in one clone. The lock is the kernel's (flock), held by the open file: it is gone with the last
 * process that has the file open, however that one ended, and the programs that a set-up starts have it open too. So
 * a set-up that was killed hands the lock on only when the `npm install` it had started is over.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, SetUpError } from './say.js';

/** macOS and the BSDs lock while opening (open(2), O_EXLOCK); Node has no name for it. */
const O_EXLOCK = 0x20;
const ASK_AGAIN_MS = 200;

/**
 * @param {string} root
 * @param {AbortSignal} signal aborted when the set-up is interrupted
 * @param {() => void} onWait called once when another set-up holds the lock
 * @returns {Promise<number>} the open file; closing it gives the lock back
 */
export async function takeLock(root, signal, onWait) {
  const folder = join(root, 'node_modules/.longhand');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'lock');
  return process.platform === 'linux' ? flock(file, signal, onWait) : lockWhileOpening(file, signal, onWait);
}

/**
 * @param {string} file
 * @param {AbortSignal} signal
 * @param {() => void} onWait
 */
async function flock(file, signal, onWait) {
  const lock = openSync(file, 'a');
  try {
    if (await flockProgram(lock, ['-n'], signal)) return lock;
    onWait();
    await flockProgram(lock, [], signal);
    return lock;
  } catch (error) {
    closeSync(lock);
    throw error;
  }
}

/**
 * flock(1) locks the open file that it inherits, which is the same open file as ours.
 * @param {number} lock
 * @param {string[]} options
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} false when it is held by another
 */
function flockProgram(lock, options, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'ignore', lock] });
    const interrupt = () => child.kill('SIGKILL');
    signal.addEventListener('abort', interrupt, { once: true });
    child.on('error', () => reject(new SetUpError('flock is missing. Install util-linux, then try again.')));
    child.on('exit', (code) => {
      signal.removeEventListener('abort', interrupt);
      if (signal.aborted) reject(new Interrupted(signal.reason));
      else resolve(code === 0);
    });
  });
}

/**
 * @param {string} file
 * @param {AbortSignal} signal
 * @param {() => void} onWait
 */
async function lockWhileOpening(file, signal, onWait) {
  let waiting = false;
  for (;;) {
    try {
      return openSync(file, constants.O_CREAT | constants.O_RDWR | constants.O_NONBLOCK | O_EXLOCK, 0o600);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
    if (!waiting) onWait();
    waiting = true;
    await sleep(ASK_AGAIN_MS);
    if (signal.aborted) throw new Interrupted(signal.reason);
  }
}
