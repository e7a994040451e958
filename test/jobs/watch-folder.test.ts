import { closeSync, mkdirSync, openSync, renameSync, rmSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openForWriting } from '../../src/files/open-for-writing.ts';
import { FolderWatch } from '../../src/jobs/watch-folder.ts';
import type { WatchedFile } from '../../src/jobs/watched.ts';
import { temporaryFolder, testClock } from '../store/support.ts';

const SETTLE_MS = 10_000;

/** A watched folder, and a memory of what was handed in that outlives the watch as the store does. */
function watched({ recursive = false, folder = temporaryFolder() } = {}) {
  const clock = testClock();
  const known: WatchedFile[] = [];
  const handedIn: string[] = [];
  const said: string[] = [];
  let refuses = false;
  const start = () =>
    new FolderWatch({
      folders: [folder],
      recursive,
      settleMs: SETTLE_MS,
      clock,
      notHandedIn: async (files) => files.filter((file) => !known.some((old) => isSame(old, file))),
      handIn: async (file) => {
        if (refuses) return false;
        known.push(file);
        handedIn.push(relative(folder, file.path));
        return true;
      },
      onFolder: (_folder, problem) => said.push(problem?.code ?? 'back'),
    });
  let watch = start();
  return {
    folder,
    handedIn,
    said,
    get settlesInMs() {
      return watch.settlesInMs;
    },
    write: (name: string, content: string) => {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content);
    },
    refuse: (yes: boolean) => {
      refuses = yes;
    },
    restart: () => {
      watch = start();
    },
    tick: () => watch.tick(),
    /** Looks, lets the time pass in which a file settles, and looks again. */
    settle: async () => {
      await watch.tick();
      clock.advance(SETTLE_MS);
      await watch.tick();
    },
    pass: (ms: number) => clock.advance(ms),
  };
}

function isSame(a: WatchedFile, b: WatchedFile): boolean {
  return a.path === b.path && a.bytes === b.bytes && a.modifiedMs === b.modifiedMs;
}

describe('a new file', () => {
  it('is handed in once it has stopped growing, and once only', async () => {
    const here = watched();
    await here.tick();
    here.write('a.mp3', 'begin');
    await here.tick();
    here.pass(SETTLE_MS - 1);
    here.write('a.mp3', 'begin, and more');
    await here.tick();
    expect(here.settlesInMs).toBe(SETTLE_MS);
    here.pass(SETTLE_MS - 1);
    await here.tick();
    expect(here.handedIn).toEqual([]);
    here.pass(1);
    await here.tick();
    expect(here.handedIn).toEqual(['a.mp3']);
    expect(here.settlesInMs).toBeUndefined();
    await here.settle();
    expect(here.handedIn).toEqual(['a.mp3']);
  });

  it.runIf(process.platform === 'linux')('waits while somebody has it open for writing', async () => {
    const here = watched();
    const writer = openSync(join(here.folder, 'a.mp3'), 'w');
    const reader = openSync(join(here.folder, 'a.mp3'), 'r');
    onTestFinished(() => closeSync(reader));
    writeSync(writer, 'some sound');
    await here.settle();
    expect(here.handedIn).toEqual([]);
    closeSync(writer);
    await here.tick();
    expect(here.handedIn).toEqual(['a.mp3']);
  });

  it('may be there at the start, but not empty, hidden or of another kind', async () => {
    const here = watched();
    for (const name of ['a.mp3', '.b.mp3', 'c.txt', 'sub/d.mp3']) here.write(name, 'x');
    here.write('empty.mp3', '');
    await here.settle();
    expect(here.handedIn).toEqual(['a.mp3']);
  });

  it('is found below the folder when that is asked for', async () => {
    const here = watched({ recursive: true });
    here.write('sub/deep/d.mp3', 'x');
    await here.settle();
    expect(here.handedIn).toEqual(['sub/deep/d.mp3']);
  });

  it('that vanishes is forgotten, and settles anew when it comes back', async () => {
    const here = watched();
    here.write('a.mp3', 'x');
    await here.tick();
    renameSync(join(here.folder, 'a.mp3'), join(here.folder, 'gone'));
    here.pass(SETTLE_MS);
    await here.tick();
    expect(here.settlesInMs).toBeUndefined();
    renameSync(join(here.folder, 'gone'), join(here.folder, 'a.mp3'));
    await here.tick();
    expect(here.handedIn).toEqual([]);
    here.pass(SETTLE_MS);
    await here.tick();
    expect(here.handedIn).toEqual(['a.mp3']);
  });

  it('that is refused is tried again once it has settled anew, and holds up no other', async () => {
    const here = watched();
    here.refuse(true);
    here.write('a.mp3', 'x');
    await here.settle();
    here.refuse(false);
    here.write('b.mp3', 'x');
    await here.tick();
    expect(here.handedIn).toEqual([]);
    here.pass(SETTLE_MS);
    await here.tick();
    expect(here.handedIn).toEqual(['a.mp3', 'b.mp3']);
  });
});

describe('after a restart', () => {
  it('nothing is handed in twice, and a path with another content is a new recording', async () => {
    const here = watched();
    here.write('a.mp3', 'x');
    here.write('b.mp3', 'x');
    await here.settle();
    here.restart();
    here.write('b.mp3', 'another');
    utimesSync(join(here.folder, 'b.mp3'), new Date(), new Date(1_000_000));
    await here.settle();
    expect(here.handedIn).toEqual(['a.mp3', 'b.mp3', 'b.mp3']);
  });
});

it('waits for a folder that went away, says so once, and goes on', async () => {
  const folder = join(temporaryFolder(), 'share');
  mkdirSync(folder);
  const here = watched({ folder });
  rmSync(folder, { recursive: true });
  await here.settle();
  here.write('a.mp3', 'x');
  await here.settle();
  expect(here.said).toEqual(['ENOENT', 'back']);
  expect(here.handedIn).toEqual(['a.mp3']);
});

it.runIf(process.platform === 'linux')('tells files that are open for writing from those that are read', async () => {
  const folder = temporaryFolder();
  const paths = ['read', 'written', 'appended', 'closed'].map((name) => join(folder, name));
  for (const path of paths) writeFileSync(path, '');
  const open = [
    openSync(paths[0] as string, 'r'),
    openSync(paths[1] as string, 'r+'),
    openSync(paths[2] as string, 'a'),
  ];
  onTestFinished(() => open.forEach((fd) => void closeSync(fd)));
  expect([...(await openForWriting(paths))].sort()).toEqual([paths[2], paths[1]].sort());
});
