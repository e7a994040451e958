/** The built command, run for real in folders of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { readStat } from '../../src/supervisor/identity.ts';
import { scratchPath } from './scratch.ts';

const PROGRAM = join(PACKAGE_ROOT, 'dist', 'longhand.js');
let homes = 0;

/** Folders and settings of one imaginary user. */
export class Home {
  readonly folder: string;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv = {}) {
    homes += 1;
    this.folder = scratchPath(`home-${process.pid}-${homes}`);
    mkdirSync(this.folder, { recursive: true });
    this.dataDir = join(this.folder, 'data');
    this.env = {
      ...withoutLonghand(process.env),
      LONGHAND_DATA: this.dataDir,
      LONGHAND_CACHE: join(this.folder, 'cache'),
      LONGHAND_CONFIG: undefined,
      // Behind the other tests, what one of them waits for would come late.
      LONGHAND_NICE: '0',
      ...env,
    };
  }

  /** Starts the command. */
  start(args: string[], env: NodeJS.ProcessEnv = {}): Running {
    return new Running(spawn(process.execPath, [PROGRAM, ...args], { cwd: this.folder, env: { ...this.env, ...env } }));
  }

  /** Runs the command to its end. */
  run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    return this.start(args, env).finished;
  }

  /** Runs the command with `--json` and gives what it printed. */
  async json<T>(args: string[]): Promise<T> {
    const { stdout, stderr, code } = await this.run([...args, '--json']);
    if (code !== 0) throw new Error(`longhand ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A command under way. */
export class Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  #stdout = '';
  #stderr = '';
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    this.finished = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.#ended = true;
        this.#look();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves with the match once standard error holds it; rejects when the command ends without having said it. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(this.#stderr);
        if (found) return resolve(found);
        if (this.#ended) return reject(new Error(`It ended without saying ${pattern}:\n${this.#stderr}`));
        this.#waiting.push(look);
      };
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** kill -9, and waits for the end. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.finished;
  }

  #look(): void {
    for (const look of this.#waiting.splice(0)) look();
  }
}

/** All living processes below one of ours, by their parents. */
export function descendants(pid: number): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  const parents = new Set([pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const stat of allStats()) {
      if (parents.has(stat.pid) || !parents.has(stat.parentPid) || stat.state === 'Z') continue;
      parents.add(stat.pid);
      found.push({ pid: stat.pid, command: stat.command });
      grown = true;
    }
  }
  return found;
}

function allStats() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
}

function withoutLonghand(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(LONGHAND_|MAX_|TRANSCRIPTION_|CPU_LIMIT_|npm_)/.test(name)),
  );
}
