/** One temporary folder for each test file, removed when its tests are over (by `each-file.ts`). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the name of each begins with. */
export const SCRATCH = "longhand test's -";

/** The folder of the test file that runs. Its name holds what trips up programs that do not treat names as data. */
export let scratchDir: string;

/** Begins the folder of the next test file. @returns what removes it */
export function beginScratch(): () => void {
  const folder = mkdtempSync(join(tmpdir(), SCRATCH));
  scratchDir = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** The path of a new name in the folder. */
export function scratchPath(name: string): string {
  return join(scratchDir, name);
}
