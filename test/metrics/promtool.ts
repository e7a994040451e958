import { spawnSync } from 'node:child_process';
import { findProgram } from '../../src/native/spawn.ts';

/** Prometheus' own judge, where it is installed (Debian: `apt-get install prometheus`). */
export const PROMTOOL = findProgram('promtool');

/** @returns what it complains about; nothing when it is content */
export function askPromtool(args: string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(PROMTOOL ?? '', args, { input, encoding: 'utf8' });
  return status === 0 ? stderr : `${stdout}${stderr}`;
}
