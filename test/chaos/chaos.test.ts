import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { PACKAGE_ROOT } from '../../src/package-root.ts';

const PATIENCE_MS = 300_000;

/** `npm run chaos -- --seed 1 --kills 200` is the long one. */
it(
  'a chaos run of thirty kills loses nothing, doubles nothing and leaves nothing',
  async () => {
    const program = join(PACKAGE_ROOT, 'test', 'chaos', 'run.js');
    const child = spawn(process.execPath, [program, '--seed', '1', '--kills', '30'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    const [said, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await ended;
    expect(code, `${said}\n${complaints}`).toBe(0);
    expect(said).toMatch(/^Seed 1: (3\d|[4-9]\d) kills in .*\n.*\nNo job lost\.\n$/m);
  },
  PATIENCE_MS,
);
