import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tarGz } from '../../src/files/tar.ts';
import { scratchPath } from '../support/scratch.ts';

const run = promisify(execFile);

test('an archive is unpacked by tar as it was', async () => {
  const files = new Map([
    ['job-1/README.txt', 'Read this first.\n'],
    ['job-1/empty.txt', ''],
    ['job-1/block.txt', 'x'.repeat(512)],
    ['job-1/runs/สอง.json', `${'ü'.repeat(70_000)}\n`],
  ]);
  const modifiedAt = Date.UTC(2026, 0, 2, 3, 4, 5, 600);
  const folder = scratchPath('unpacked');
  mkdirSync(folder);
  writeFileSync(join(folder, 'archive.tar.gz'), await tarGz(files, modifiedAt));
  const { stdout, stderr } = await run('tar', ['-xvzf', 'archive.tar.gz', '--no-same-owner'], { cwd: folder });
  expect({ lines: stdout.trim().split('\n').length, stderr }).toEqual({ lines: files.size, stderr: '' });
  for (const [name, content] of files) {
    expect(readFileSync(join(folder, name), 'utf8') === content, name).toBe(true);
    const { mode, mtimeMs } = statSync(join(folder, name));
    expect([mode & 0o777, mtimeMs]).toEqual([0o600, modifiedAt - 600]);
  }
});

test('a name that does not fit is refused', async () => {
  await expect(tarGz(new Map([['n'.repeat(101), '']]), 0)).rejects.toThrow(RangeError);
});
