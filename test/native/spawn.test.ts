import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deathSignalPrefix, findProgram, spawnNative } from '../../src/native/spawn.ts';
import { isAlive, readStat, signalProcess } from '../../src/supervisor/identity.ts';
import { nextMessage, startChild } from '../store/child.ts';
import { identityOf, until } from '../supervisor/processes.ts';
import { scratchPath } from '../support/scratch.ts';

const START_A_PROGRAM = `
  import { spawnNative } from './src/native/spawn.ts';
  const child = spawnNative('sleep', ['1000'], { stdio: 'ignore' });
  child.once('spawn', () => process.send(child.pid));
  setInterval(() => {}, 1000);`;

test.runIf(process.platform === 'linux')('a program dies with the process that started it', async () => {
  expect(deathSignalPrefix()).not.toEqual([]);
  const parent = await startChild(START_A_PROGRAM, []);
  const program = identityOf((await nextMessage(parent)) as number);
  onTestFinished(() => {
    signalProcess(program, 'SIGKILL');
  });
  // The signal is set when the program has taken the place of the one that sets it.
  await until(() => readStat(program.pid)?.command === 'sleep', 'the start of the program');
  expect(isAlive(program)).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until(() => !isAlive(program), 'the end of the program');
});

test('arguments are data: no shell reads them, and none is taken for an option of ours', async () => {
  const args = [
    '--pdeathsig',
    '--',
    '$(echo no)',
    '; echo no',
    '"quotes" and \'quotes\'',
    'two\nlines',
    '../ไทย 😀',
    '',
  ];
  const program = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
  const child = spawnNative(process.execPath, ['-e', program, '--', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  expect(JSON.parse(await text(child.stdout!))).toEqual(args);
});

test('a program stays in the group of the one that starts it, whatever is asked for', async () => {
  const child = spawnNative('sleep', ['1000'], { stdio: 'ignore', detached: true });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await once(child, 'spawn');
  if (process.platform === 'linux') {
    expect(readStat(child.pid as number)?.groupId).toBe(readStat(process.pid)?.groupId);
  }
});

describe('finding a program', () => {
  const folder = (name: string, files: Record<string, number>) => {
    const path = scratchPath(name);
    mkdirSync(path);
    for (const [file, mode] of Object.entries(files)) {
      writeFileSync(join(path, file), '');
      chmodSync(join(path, file), mode);
    }
    return path;
  };
  const first = folder('first', { reader: 0o644, both: 0o755 });
  const second = folder('second', { both: 0o755, 'with space': 0o755 });
  const path = ['', '/nowhere', first, second].join(delimiter);

  test('takes the first that can be executed', () => {
    expect(findProgram('both', path)).toBe(join(first, 'both'));
    expect(findProgram('with space', path)).toBe(join(second, 'with space'));
  });

  test('finds nothing where there is nothing', () => {
    expect(findProgram('reader', path)).toBeUndefined();
    expect(findProgram('none', path)).toBeUndefined();
    expect(findProgram('both', '')).toBeUndefined();
  });
});
