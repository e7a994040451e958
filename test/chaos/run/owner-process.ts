import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { LonghandError } from '../../../src/domain/errors.ts';
import { PACKAGE_ROOT } from '../../../src/package-root.ts';
import { CLOCK_ARGUMENT, type FromOwner, type ToOwner } from './owner-protocol.ts';

/** Of what it says on standard error this much is kept. */
const STDERR_TAIL_CHARACTERS = 20_000;

/** `owner.ts`, bundled as the product is. */
export interface OwnerProgram {
  path: string;
  remove(): void;
}

/** Bundles `owner.ts` into a file of its own. */
export async function buildOwnerProgram(): Promise<OwnerProgram> {
  // Inside node_modules, so that what stays outside the bundle is found from there.
  const path = join(PACKAGE_ROOT, 'node_modules', '.cache', `chaos-owner-${process.pid}.mjs`);
  await build({
    entryPoints: [join(PACKAGE_ROOT, 'test', 'chaos', 'run', 'owner.ts')],
    outfile: path,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: ['better-sqlite3'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return { path, remove: () => rmSync(path, { force: true }) };
}

export interface OwnerEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

type Ready = Extract<FromOwner, { type: 'ready' }>;
type Memory = Extract<FromOwner, { type: 'memory' }>;

/** A real owner in a process of its own. */
export class OwnerProcess {
  /** Rejects with a LonghandError when it could not become the owner, with an Error when it ended before it was. */
  readonly ready: Promise<Ready>;
  readonly ended: Promise<OwnerEnd>;
  /** What it told whoever started it. */
  readonly warnings: string[] = [];
  readonly #child: ChildProcess;
  #stderr = '';
  #tellMemory: ((memory: Memory) => void) | undefined;

  constructor(program: OwnerProgram, env: NodeJS.ProcessEnv, clockOffsetMs = 0) {
    this.#child = fork(program.path, [`${CLOCK_ARGUMENT}${clockOffsetMs}`], {
      env,
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARACTERS);
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => resolve({ code, signal, stderr: this.#stderr }));
    });
    this.ready = this.#becomeReady();
    // Whoever waits hears of it; who killed it meanwhile does not wait.
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** kill -9, and waits for the end. */
  async kill(): Promise<OwnerEnd> {
    this.#child.kill('SIGKILL');
    return await this.ended;
  }

  /** Asks it to stop its jobs at their checkpoints and to end, and waits for the end. */
  async terminate(): Promise<OwnerEnd> {
    this.#child.kill('SIGTERM');
    return await this.ended;
  }

  /** Sets how far its time of day is off. */
  setClock(offsetMs: number): void {
    this.#send({ type: 'clock', offsetMs });
  }

  /** Its memory, after what can be freed was. */
  memory(): Promise<Memory> {
    return new Promise((resolve) => {
      this.#tellMemory = resolve;
      this.#send({ type: 'memory' });
    });
  }

  #becomeReady(): Promise<Ready> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: FromOwner) => {
        if (message.type === 'ready') resolve(message);
        if (message.type === 'failed') reject(new LonghandError(message.error));
        if (message.type === 'warning') this.warnings.push(message.sentence);
        if (message.type === 'memory') this.#tellMemory?.(message);
      });
      this.ended.then(({ code, signal, stderr }) => {
        reject(new Error(`The owner ended with ${signal ?? code} before it was ready. ${stderr}`));
      }, reject);
    });
  }

  #send(message: ToOwner): void {
    // One that is gone needs no clock; its end is noticed where it is waited for.
    this.#child.send(message, () => undefined);
  }
}
