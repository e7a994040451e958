/** Programs that use the built library, run for real. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TranscriptionOptions, TranscriptionResult } from '../../src/index.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { type Home, Running } from '../support/cli.ts';

/** What `SHORT_CHUNKS` are for the command. */
export const SHORT = { chunkDuration: 4, processes: 1 } as const;

/** One call that a host makes. Paths may be relative to the home's folder. */
export interface Call {
  input: unknown;
  output: unknown;
  options?: TranscriptionOptions | Record<string, unknown>;
  /** Aborts with the error "enough" before the call, or when so many chunks are done. */
  abortAt?: 'start' | number;
  /** What `onProgress` does: throws at once, or gives a promise that is rejected. */
  throws?: 'now' | 'later';
}

export type Ending =
  | { result: TranscriptionResult; thrown?: undefined }
  | { thrown: { name: string; message: string; remedy?: string }; result?: undefined };

/** Starts a program of this folder. */
export function start(home: Home, program: string, args: string[], env: NodeJS.ProcessEnv = {}): Running {
  const path = join(PACKAGE_ROOT, 'test', 'library', program);
  return new Running(spawn(process.execPath, [path, ...args], { cwd: home.folder, env: { ...home.env, ...env } }));
}

/** Starts a program that makes these calls at once. */
export function startHost(home: Home, calls: Call[], env: NodeJS.ProcessEnv = {}): Running {
  return start(home, 'host.js', [JSON.stringify(calls)], env);
}

/** How the calls of a host ended, which ended by itself. */
export async function endingsOf(host: Running): Promise<Ending[]> {
  const { code, stdout, stderr } = await host.finished;
  if (code !== 0) throw new Error(`The host ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Ending[];
}

/** Makes these calls at once in a program of their own. */
export function host(home: Home, calls: Call[], env: NodeJS.ProcessEnv = {}): Promise<Ending[]> {
  return endingsOf(startHost(home, calls, env));
}

/** The content of a file in the home's folder. */
export function textIn(home: Home, name: string): string {
  return readFileSync(join(home.folder, name), 'utf8');
}
