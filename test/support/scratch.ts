/** One temporary folder for each test file, removed when its tests are over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Its name holds what trips up programs that do not treat names as data. */
export const scratchDir = mkdtempSync(join(tmpdir(), "longhand test's -"));
afterAll(() => rmSync(scratchDir, { recursive: true, force: true }));

/** The path of a new name in the folder. */
export function scratchPath(name: string): string {
  return join(scratchDir, name);
}
