import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MiniClone, PROJECT } from './mini-clone.ts';

let clone: MiniClone;
let started: ChildProcess[];
beforeEach(() => {
  clone = new MiniClone();
  clone.write('scripts/build.js', WAITING_STEP);
  clone.write('scripts/real-build.js', readFileSync(join(PROJECT, 'scripts/build.js'), 'utf8'));
  started = [];
});
afterEach(() => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  clone.remove();
});

/** A step that says its own and its child's id, and goes on to the real build only when it is told to. */
const WAITING_STEP = `
  import { spawn } from 'node:child_process';
  import { existsSync, writeFileSync } from 'node:fs';
  const child = spawn('sleep', ['1000']);
  writeFileSync('pids', process.pid + ' ' + child.pid);
  writeFileSync('step-began', '');
  while (existsSync('pids') && !existsSync('go-on')) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill();
  if (existsSync('go-on')) await import('./real-build.js');
`;

interface Started {
  child: ChildProcess;
  /** All it has said until now. */
  all(): string;
  said(text: string): Promise<void>;
  ended: Promise<number | string>;
}

function longhand(): Started {
  const child = spawn(process.execPath, ['bin/longhand.js', 'jobs'], {
    cwd: clone.folder,
    env: clone.env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let heard = '';
  const waiting: { text: string; resolve: () => void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (part) => {
      heard += part;
      for (const { text, resolve } of waiting) if (heard.includes(text)) resolve();
    });
  }
  return {
    child,
    all: () => heard,
    said: (text) =>
      new Promise((resolve) => {
        if (heard.includes(text)) resolve();
        else waiting.push({ text, resolve });
      }),
    ended: new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? String(signal)))),
  };
}

/** The ids of the endless step and its child, once it runs. */
async function stepBegan(): Promise<number[]> {
  await until(() => {
    try {
      readFileSync(join(clone.folder, 'step-began'));
      return true;
    } catch {
      return false; // Not begun yet.
    }
  });
  return readFileSync(join(clone.folder, 'pids'), 'utf8').split(' ').map(Number);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // No such process.
  }
  if (process.platform !== 'linux') return true;
  // Dead, but not yet reaped by whoever adopted it.
  return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

test('Ctrl-C ends the step with all its processes, and the next set-up goes on', async () => {
  const first = longhand();
  const pids = await stepBegan();
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(130);
  expect(pids.map(isAlive)).toEqual([false, false]);

  clone.write('go-on', '');
  expect(await clone.longhand(['jobs'])).toMatchObject({ code: 0, stderr: 'longhand set-up: building\n' });
});

test('a second set-up waits for the first, then finds everything done', async () => {
  const first = longhand();
  await stepBegan();
  const second = longhand();
  await second.said('waiting for another set-up in this folder');
  clone.write('go-on', '');
  expect([await first.ended, await second.ended]).toEqual([0, 0]);
  await first.said('building');
  expect(second.all()).not.toContain('building');
});

test('a set-up that was killed keeps the next one waiting until the step it began is over', async () => {
  const first = longhand();
  const [step] = await stepBegan();
  first.child.kill('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');

  const second = longhand();
  await second.said('waiting for another set-up in this folder');
  expect(isAlive(step!)).toBe(true);
  clone.write('go-on', '');
  expect(await second.ended).toBe(0);
  expect(isAlive(step!)).toBe(false);
});
