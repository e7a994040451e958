import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../domain/clock.ts';
import { LonghandError } from '../domain/errors.ts';
import { inDataFolder } from '../files/data-folder.ts';
import { makePrivateFolder, PRIVATE_FILE_MODE } from '../files/directory.ts';
import { PROGRAM } from '../package-root.ts';
import { readServiceFile, type ServiceRecord } from './service-file.ts';

/** What the service prints goes here: hardly anything but what it dies of. What it does is in `longhand.log`. */
const OUTPUT = 'service.log';
/** It begins anew when it has become larger. */
const MOST_OUTPUT_BYTES = 1024 ** 2;
const EVIDENCE_LINES = 10;
const LOOK_EVERY_MS = 20;

export interface StartOptions {
  /** What follows `longhand serve`. */
  args: readonly string[];
  /** How long it may take until it answers. */
  timeoutMs: number;
  /** Aborted: then it is asked to end, and its end is waited for. */
  signal: AbortSignal;
}

/**
 * Starts the service in the background: with a session of its own, so that it outlives the terminal, and nothing of this
 * process but its environment.
 * @returns what it says of itself, once it answers
 * @throws LonghandError when it ended before, with the last that it said, or did not answer in time; then it goes on
 */
export async function startInBackground(config: Config, options: StartOptions): Promise<ServiceRecord> {
  const { dataDir } = config;
  const logDir = join(dataDir, 'logs');
  const output = inDataFolder(dataDir, () => openOutput(logDir));
  try {
    const child = await launch(config, options.args, output.file);
    const stop = () => child.kill('SIGTERM');
    options.signal.addEventListener('abort', stop, { once: true });
    try {
      return await untilReady(child, dataDir, options, () => lastLines(output));
    } finally {
      options.signal.removeEventListener('abort', stop);
      child.unref();
    }
  } finally {
    closeSync(output.file);
  }
}

interface Output {
  path: string;
  file: number;
  /** Where this start begins in it. */
  from: number;
}

function openOutput(logDir: string): Output {
  makePrivateFolder(logDir);
  const path = join(logDir, OUTPUT);
  const file = openSync(path, 'a', PRIVATE_FILE_MODE);
  if (fstatSync(file).size > MOST_OUTPUT_BYTES) ftruncateSync(file);
  return { path, file, from: fstatSync(file).size };
}

async function launch({ dataDir, cacheDir }: Config, args: readonly string[], output: number): Promise<ChildProcess> {
  // It stands in its own folder, so that it holds no other: what was relative to this one must not be.
  const { LONGHAND_CONFIG: settings } = process.env;
  const env = {
    ...process.env,
    LONGHAND_DATA: dataDir,
    LONGHAND_CACHE: cacheDir,
    ...(settings ? { LONGHAND_CONFIG: resolve(settings) } : {}),
  };
  const child = spawn(process.execPath, [PROGRAM, 'serve', ...args], {
    cwd: dataDir,
    env,
    detached: true,
    stdio: ['ignore', output, output],
  });
  await new Promise<void>((started, failed) => {
    child.once('spawn', started);
    child.once('error', failed);
  });
  return child;
}

async function untilReady(
  child: ChildProcess,
  dataDir: string,
  { timeoutMs }: StartOptions,
  said: () => string[],
): Promise<ServiceRecord> {
  const deadline = systemClock.monotonicMs() + timeoutMs;
  while (child.exitCode === null && child.signalCode === null) {
    const record = readServiceFile(dataDir);
    if (record && record.process.pid === child.pid) return record;
    if (systemClock.monotonicMs() > deadline) throw new SlowStartError(timeoutMs, child.pid);
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  throw new StartFailedError(child, said());
}

/** The last lines of what it printed since its start. */
function lastLines({ path, from }: Output): string[] {
  const text = readFileSync(path).subarray(from).toString('utf8');
  return text.trimEnd().split('\n').filter(Boolean).slice(-EVIDENCE_LINES);
}

/** It ended before it answered. */
export class StartFailedError extends LonghandError {
  /** The last that it printed. */
  readonly said: readonly string[];

  constructor({ exitCode, signalCode }: ChildProcess, said: readonly string[]) {
    const how = signalCode ? `was ended by ${signalCode}` : `ended with code ${exitCode}`;
    super({ kind: 'unknown', message: `The service did not start: it ${how}.` });
    this.said = said;
  }
}

class SlowStartError extends LonghandError {
  constructor(timeoutMs: number, pid: number | undefined) {
    super({
      kind: 'timeout',
      message: `The service (process ${pid}) does not answer after ${timeoutMs / 1000} s. It goes on starting.`,
      remedy: 'A large database is read from end to end after an unclean stop. Look again: longhand status',
    });
  }
}
