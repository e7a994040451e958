import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './support.ts';

/** Starts TypeScript that imports from `./src/…` in a process of its own, which is gone when the test is over. */
export async function startChild(source: string, args: string[]): Promise<ChildProcess> {
  const script = join(temporaryFolder(), 'child.mjs');
  await build({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
    plugins: [
      { name: 'installed', setup: ({ onResolve }) => onResolve({ filter: /^(better-sqlite3|pg)$/ }, installed) },
    ],
  });
  const child = fork(script, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** A native module, or one that wants to be required, stays where it is; the script needs to be told where that is. */
function installed({ path }: { path: string }) {
  return { path: createRequire(join(process.cwd(), 'package.json')).resolve(path), external: true };
}

/** The next message of a child. Rejects when it ends without one. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
  const silent = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the child ended (${code ?? signal}) without a message`);
  });
  const [message] = await Promise.race([once(child, 'message'), silent]);
  return message;
}
