/** What every bench of the built command stands on: the program, a folder of its own, and a way to be interrupted. */
import { setMaxListeners } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../src/package-root.ts';

/** Says what is wrong with the call, and ends. */
export function stop(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}

/** The built command. */
export const program = join(PACKAGE_ROOT, 'dist', 'longhand.js');
if (!existsSync(program)) stop(`There is no ${program}. Run: npm run build`);

/** Removed at the end, however the bench ends. */
export const folder = mkdtempSync(join(tmpdir(), 'longhand-bench-'));
// The runner of a command that was killed may write for a moment yet.
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

/** The environment of somebody who has set nothing, with folders of the bench's own. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const theirs = Object.entries(process.env).filter(
    ([name]) => !/^(LONGHAND_|MAX_|TRANSCRIPTION_|CPU_LIMIT_)/.test(name),
  );
  const config = join(folder, 'config.toml');
  writeFileSync(config, '');
  const folders = {
    LONGHAND_DATA: join(folder, 'data'),
    LONGHAND_CACHE: join(folder, 'cache'),
    LONGHAND_CONFIG: config,
  };
  return { ...Object.fromEntries(theirs), ...folders, TMPDIR: folder };
}

/** Aborted by Ctrl-C. */
export const interrupted = new AbortController();
// Each job that is followed hangs on it; Node takes more than ten for a leak.
setMaxListeners(0, interrupted.signal);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());

/** Runs a bench; an interrupted one ends with 130. */
export async function onStage(bench: () => Promise<void>): Promise<void> {
  try {
    await bench();
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.exitCode = 130;
  }
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
