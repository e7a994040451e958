import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findInputs, type Given } from '../../src/jobs/inputs.ts';
import { inNaturalOrder } from '../../src/jobs/recordings.ts';
import { temporaryFolder } from '../store/support.ts';

/** A folder with such files in it. */
function folderWith(...files: string[]): string {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), `content of ${file}`);
  }
  return folder;
}

function find(cwd: string, inputs: string[], more: Partial<Given> = {}) {
  const readStandardInput = () => Promise.reject(new Error('Nobody asked for it.'));
  return findInputs({ inputs, lists: [], recursive: false, cwd, readStandardInput, ...more });
}

/** Paths below the folder, in the order in which they were found. */
async function found(cwd: string, inputs: string[], more: Partial<Given> = {}): Promise<string[]> {
  return (await find(cwd, inputs, more)).recordings.map(({ path }) => relative(cwd, path));
}

describe('a folder', () => {
  it('gives its own recordings in natural order, and says what it left out', async () => {
    const cwd = folderWith('in/talk 10.mp3', 'in/talk 2.WAV', 'in/notes.txt', 'in/.talk.wav', 'in/more/talk 3.mp3');
    const { recordings, skipped } = await find(cwd, ['in']);
    expect(recordings.map(({ name }) => name)).toEqual(['talk 2.WAV', 'talk 10.mp3']);
    expect(skipped).toEqual([
      { path: join(cwd, 'in/.talk.wav'), why: 'hidden' },
      { path: join(cwd, 'in/notes.txt'), why: 'no recording' },
    ]);
  });

  it('is gone through with all that is below it when asked to, hidden folders and our own apart', async () => {
    const cwd = folderWith('in/b/2.mp3', 'in/b/10.mp3', 'in/a.mp3', 'in/.git/x.mp3', 'in/data/jobs/1/y.wav');
    expect(await found(cwd, ['in'], { recursive: true, except: [join(cwd, 'in/data')] })).toEqual([
      'in/a.mp3',
      'in/b/2.mp3',
      'in/b/10.mp3',
    ]);
    expect((await find(cwd, ['in/b'], { recursive: true })).recordings[0]?.name).toBe('2.mp3');
  });

  it('follows links to folders, and comes to an end where they lead in circles', async () => {
    const cwd = folderWith('in/a.mp3', 'elsewhere/b.mp3');
    symlinkSync(join(cwd, 'elsewhere'), join(cwd, 'in/linked'));
    symlinkSync(join(cwd, 'in'), join(cwd, 'elsewhere/back'));
    symlinkSync(join(cwd, 'nowhere.mp3'), join(cwd, 'in/broken.mp3'));
    expect(await found(cwd, ['in'], { recursive: true })).toEqual(['in/a.mp3', 'in/linked/b.mp3']);
    expect((await find(cwd, ['in'])).skipped).toEqual([{ path: join(cwd, 'in/broken.mp3'), why: 'link to nowhere' }]);
  });

  it('without recordings is told, with what may help', async () => {
    const cwd = folderWith('in/more/a.mp3', 'in/notes.txt');
    await expect(find(cwd, ['in'])).rejects.toMatchObject({
      message: 'There are no recordings in the folder "in".',
      remedy: expect.stringContaining('--recursive'),
    });
  });
});

describe('a pattern', () => {
  it('matches as a shell would, ** across folders, and names texts below its fixed part', async () => {
    const cwd = folderWith('talks/1.mp3', 'talks/10.mp3', 'talks/2.mp3', 'talks/sub/3.mp3', 'talks/4.txt');
    expect(await found(cwd, ['talks/*.mp3'])).toEqual(['talks/1.mp3', 'talks/2.mp3', 'talks/10.mp3']);
    const { recordings } = await find(cwd, ['talks/**/*.mp3']);
    expect(recordings.map(({ name }) => name)).toEqual(['1.mp3', '2.mp3', '10.mp3', 'sub/3.mp3']);
    expect(await found('/', [join(cwd, 'talks/s*/*')])).toEqual([join(cwd, 'talks/sub/3.mp3').slice(1)]);
  });

  it('takes what it names by its extension, and else only what looks like a recording', async () => {
    const cwd = folderWith('a.dat', 'b.mp3', 'c.txt');
    expect(await found(cwd, ['*.dat'])).toEqual(['a.dat']);
    const { recordings, skipped } = await find(cwd, ['*']);
    expect(recordings.map(({ name }) => name)).toEqual(['b.mp3']);
    expect(skipped.map(({ path }) => relative(cwd, path)).sort()).toEqual(['a.dat', 'c.txt']);
  });

  it('that nothing matches is told; a file of that very name is no pattern', async () => {
    const cwd = folderWith('odd [1].mp3');
    await expect(find(cwd, ['*.wav'])).rejects.toThrow('Nothing matches "*.wav".');
    expect(await found(cwd, ['odd [1].mp3'])).toEqual(['odd [1].mp3']);
  });
});

describe('a list', () => {
  it('names files, folders and patterns, relative to itself, with comments', async () => {
    const cwd = folderWith('lists/a.mp3', 'lists/b c.dat', 'lists/in/d.wav', 'lists/1.ogg', 'first.mp3');
    writeFileSync(join(cwd, 'lists/list.txt'), '\uFEFF# talks\r\na.mp3\r\n\n  # more\nb c.dat\nin\n*.ogg\n');
    expect(await found(cwd, ['first.mp3'], { lists: ['lists/list.txt'] })).toEqual([
      'first.mp3',
      'lists/a.mp3',
      'lists/b c.dat',
      'lists/in/d.wav',
      'lists/1.ogg',
    ]);
  });

  it('may be standard input, relative to the current folder', async () => {
    const cwd = folderWith('a.mp3');
    expect(await found(cwd, [], { lists: ['-'], readStandardInput: async () => 'a.mp3\n' })).toEqual(['a.mp3']);
    await expect(find(cwd, [], { lists: ['-'], readStandardInput: async () => '# none\n' })).rejects.toThrow(
      'The list standard input names nothing.',
    );
  });

  it('tells the line of what is missing', async () => {
    const cwd = folderWith('list.txt');
    writeFileSync(join(cwd, 'list.txt'), '# one\ngone.mp3\n');
    await expect(find(cwd, [], { lists: ['list.txt'] })).rejects.toThrow(
      /no file ".*gone\.mp3" \(list\.txt, line 2\)\.$/,
    );
  });
});

describe('what cannot be taken', () => {
  it.each(['https://example.org/a.mp3', 'HTTP://example.org', 'www.youtube.com/watch?v=1', 'youtu.be/1', 'rtsp://x/y'])(
    'refuses the link %s before anything else is looked at',
    async (link) => {
      await expect(find(folderWith(), ['missing.mp3', link])).rejects.toMatchObject({
        message: expect.stringMatching(/ is a link\. Recordings must be files on this machine/),
        remedy: expect.stringContaining('Download'),
      });
    },
  );

  it('takes a file that was named whatever it is called, and each only once', async () => {
    const cwd = folderWith('odd.name', 'a.mp3');
    symlinkSync(join(cwd, 'a.mp3'), join(cwd, 'same.mp3'));
    const { recordings, skipped } = await find(cwd, ['odd.name', 'a.mp3', './a.mp3', 'same.mp3']);
    expect(recordings.map(({ name }) => name)).toEqual(['odd.name', 'a.mp3']);
    expect(skipped.map(({ why }) => why)).toEqual(['given twice', 'given twice']);
  });
});

it('orders as a person does, the same for equal names in another case', () => {
  const names = ['b/1', 'a10', 'a2', 'A2', 'a', 'a/z', 'b'];
  const sorted = [...names].sort(inNaturalOrder);
  expect(sorted).toEqual(['a', 'a/z', 'A2', 'a2', 'a10', 'b', 'b/1']);
  expect([...names].reverse().sort(inNaturalOrder)).toEqual(sorted);
});
