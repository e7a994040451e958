/**
 * Before all tests: a temporary folder that is theirs alone. After all of them: it must be empty, and no runner or engine
 * worker that a test started may be alive.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCRATCH } from './scratch.ts';

/** The folder's name, for the tests and all that they start. It is also `TMPDIR`, so `os.tmpdir()` gives it. */
export const TEST_TMP = 'TEST_TMP_OF_LONGHAND';

/** The name of the folder for what all test files share: speech, a model. What trips up programs is in it as in `scratchDir`. */
export const SHARED_FOLDER = 'TEST_SHARED_OF_LONGHAND';

/** Called by Vitest once, before the first test; what it returns is called after the last. */
export default function prepare(): () => void {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'longhand-test-'));
  process.env[TEST_TMP] = folder;
  process.env.TMPDIR = folder;
  const shared = join(folder, "shared by longhand's tests");
  mkdirSync(shared);
  process.env[SHARED_FOLDER] = shared;
  return () => {
    const alive = livingRuns(folder);
    rmSync(shared, { recursive: true });
    // A file whose tests are all skipped on this machine runs no hook that would remove its folder; nothing was put into it.
    const left = readdirSync(folder).filter((name) => !(name.startsWith(SCRATCH) && isEmpty(join(folder, name))));
    rmSync(folder, { recursive: true, force: true });
    const complaints = [
      ...alive.map((run) => `a process was left behind: ${run}`),
      ...left.map((name) => `left behind in the temporary folder: ${name}`),
    ];
    if (complaints.length === 0) return;
    // Vitest prints what is thrown here, but ends with 0 all the same.
    process.exitCode = 1;
    throw new Error(complaints.join('\n'));
  };
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0;
}

/** Processes with a run's token that inherited this folder's name from a test. Where there is no /proc nothing is known. */
function livingRuns(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const environment = readProc(pid, 'environ');
      const ours =
        environment.includes(`${TEST_TMP}=${folder}`) && environment.some((v) => v.startsWith('LONGHAND_RUN_TOKEN='));
      return ours ? [`${pid} ${readProc(pid, 'cmdline').join(' ')}`] : [];
    });
}

function readProc(pid: string, file: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return []; // Gone since the listing, or another user's: not a test's in either case.
  }
}
