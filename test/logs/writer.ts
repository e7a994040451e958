import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { scratchPath } from '../support/scratch.ts';

/** Starts a program that imports from `./src/…` in a process of its own, which is gone when the test is over. */
export async function startWriter(source: string, args: string[]): Promise<ChildProcess> {
  const script = scratchPath('writer.mjs');
  const stdin = { contents: source, resolveDir: process.cwd(), loader: 'ts' } as const;
  await build({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: script });
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'spawn');
  return child;
}
