/** A small clone in a temporary folder: the real set-up and build scripts and packages, with a program of a few lines. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../src/native/spawn.ts';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** A port of the loopback that nothing listens on: a model source that does not answer. */
export const NO_SOURCE = 'http://127.0.0.1:9';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export class MiniClone {
  readonly folder = mkdtempSync(join(tmpdir(), 'clone-'));
  readonly cache = join(this.folder, 'cache');

  constructor() {
    for (const name of ['bin', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json']) {
      cpSync(join(PROJECT, name), join(this.folder, name), { recursive: true });
    }
    const packages = join(this.folder, 'node_modules');
    mkdirSync(packages);
    for (const name of readdirSync(join(PROJECT, 'node_modules'))) {
      if (!name.startsWith('.')) symlinkSync(join(PROJECT, 'node_modules', name), join(packages, name));
    }
    cpSync(join(PROJECT, 'node_modules/.package-lock.json'), join(packages, '.package-lock.json'));
    this.write('src/index.ts', 'export const answer: number = 42;\n');
    this.write('src/runner/main.ts', 'export {};\n');
    this.write('src/main.ts', 'console.log(JSON.stringify([process.cwd(), ...process.argv.slice(2)]));\n');
    this.write('web/vite.config.ts', 'export default { root: import.meta.dirname };\n');
    this.write('web/index.html', '<script type="module" src="/main.ts"></script>\n');
    this.write('web/main.ts', "document.title = 'A page';\n");
    this.write(
      'web/tsconfig.json',
      '{"extends":"../tsconfig.json","compilerOptions":{"lib":["ES2023","DOM"],"rootDir":".."}}\n',
    );
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** `longhand …`, as a newcomer starts it. */
  longhand(args: string[], env: Record<string, string> = {}, cwd = this.folder): Promise<Ended> {
    return run(process.execPath, [join(this.folder, 'bin/longhand.js'), ...args], this.env(env), cwd);
  }

  env(more: Record<string, string> = {}): NodeJS.ProcessEnv {
    return { ...withoutNpm(process.env), LONGHAND_CACHE: this.cache, LONGHAND_MODEL_MIRROR: NO_SOURCE, ...more };
  }

  /** A PATH on which there are these programs, the real ones, and no others. */
  pathWith(...programs: string[]): string {
    const folder = mkdtempSync(join(this.folder, 'path-'));
    for (const name of programs) {
      const program = findProgram(name);
      if (!program) throw new Error(`This test needs ${name}.`);
      symlinkSync(program, join(folder, name));
    }
    return folder;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a program to its end, whatever its exit code. */
export function run(command: string, args: string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, cwd }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/** What npm tells the scripts it runs must not reach a command that a test starts. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|INIT_CWD$)/.test(name)));
}
