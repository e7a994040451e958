import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Home, type Running } from '../support/cli.ts';
import { smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';

interface Listed {
  jobs: { id: number; status: string; filename: string }[];
}

/** A folder of recordings: two of the same name with different words, a copy of one of them, and a file that is none. */
async function talks(home: Home): Promise<string> {
  const folder = join(home.folder, 'talks');
  mkdirSync(join(folder, 'monday'), { recursive: true });
  mkdirSync(join(folder, 'tuesday'));
  const [first, second] = [await speak('good morning'), await speak('the train was late', { voice: 'rms' })];
  copyFileSync(first, join(folder, 'monday', 'talk.wav'));
  copyFileSync(second, join(folder, 'tuesday', 'talk.wav'));
  copyFileSync(first, join(folder, 'copy.wav'));
  writeFileSync(join(folder, 'broken.mp3'), 'This is no recording.');
  writeFileSync(join(folder, 'notes.txt'), 'Nor is this.');
  return folder;
}

describe('a batch', () => {
  it('makes a job of each recording, fails alone what is none, and sums up', async () => {
    const home = new Home(await smallModel());
    await talks(home);
    const args = ['transcribe', 'talks', '--recursive', '--output', 'texts'];
    const { code, stdout, stderr } = await home.run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Left out 1, not named like recordings: notes\.txt$/m);
    expect(stderr).toMatch(/^4 recordings in \d+:\d\d: 3 done, 1 failed$/m);
    expect(stderr).toMatch(/^ {2}Job 1: broken\.mp3: .*text file, not a recording/m);
    expect(stderr).toMatch(/^Try them again with: longhand resume 1$/m);
    expect(stderr).toContain(`Texts: ${join(home.folder, 'texts')}\n`);
    const text = (...path: string[]) => readFileSync(join(home.folder, 'texts', ...path), 'utf8');
    expect(text('monday', 'talk.txt')).toBe(text('copy.txt'));
    expect(text('monday', 'talk.txt')).not.toBe(text('tuesday', 'talk.txt'));
    const { jobs } = await home.json<Listed>(['jobs']);
    expect(jobs).toHaveLength(3);

    // The same again: what is done is given out at once, what failed is tried again, and no text is doubled.
    const again = await home.run(args);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^Job \d: talk\.wav was transcribed before; --again does it anew/m);
    expect(again.stderr).toMatch(
      /^Job 1: broken\.mp3 was handed in before and failed; it goes on from its checkpoint$/m,
    );
    expect(again.stderr).toMatch(/: 0 done, 3 done before, 1 failed$/m);
    expect((await home.json<Listed>(['jobs'])).jobs).toHaveLength(3);
    expect(existsSync(join(home.folder, 'texts', 'copy.job-2.txt'))).toBe(false);
  });

  it('gives each text in the order of the files, once more when asked to', async () => {
    const home = new Home(await smallModel());
    const folder = await talks(home);
    const [a, b] = [join(folder, 'copy.wav'), join(folder, 'tuesday', 'talk.wav')];
    const first = await home.run(['transcribe', b, a]);
    expect(first.code).toBe(0);
    const list = home.start(['transcribe', '--list', '-']);
    list.child.stdin?.end(`# in another order\n${a}\n${b}\n`);
    const second = await list.finished;
    expect(second.code).toBe(0);
    expect(second.stdout.trimEnd().split('\n').reverse()).toEqual(first.stdout.trimEnd().split('\n'));
    expect((await home.run(['transcribe', a, '--again'])).stderr).toMatch(/^Job 3: copy\.wav/);
  });
});

describe('longhand watch', () => {
  const settled = ['--settle', '0', '--poll', '0.5'];

  /** Ends it politely. */
  async function end(running: Running): Promise<void> {
    running.signal('SIGTERM');
    expect((await running.finished).code).toBe(0);
  }

  it('makes jobs of what is there and of what comes, and of nothing twice over a restart', async () => {
    const home = new Home(await smallModel());
    const inbox = join(home.folder, 'in');
    mkdirSync(join(inbox, 'sub'), { recursive: true });
    copyFileSync(await speak('good morning'), join(inbox, 'sub', 'first.wav'));
    const args = ['watch', 'in', '--recursive', ...settled, '--output', 'texts'];
    const first = home.start(args);
    await first.said(/sub\/first\.wav done: .*texts\/sub\/first\.txt/);
    copyFileSync(await speak('the train was late', { voice: 'rms' }), join(inbox, '.late.wav'));
    renameSync(join(inbox, '.late.wav'), join(inbox, 'late.wav'));
    await first.said(/^Job 2: late\.wav done/m);
    await end(first);
    expect((await first.finished).stderr).toMatch(/Stopped\.\n$/);

    copyFileSync(join(inbox, 'late.wav'), join(inbox, 'moved.wav'));
    copyFileSync(await speak('we made coffee'), join(inbox, 'third.wav'));
    const second = home.start(args);
    await second.said(/third\.wav done/);
    await second.said(/moved\.wav done/);
    await end(second);
    const { stderr } = await second.finished;
    expect(stderr).toMatch(/^Job 2: moved\.wav was handed in before and is done$/m);
    expect(stderr).not.toMatch(/first|late\.wav done/);
    expect((await home.json<Listed>(['jobs'])).jobs.map(({ status }) => status)).toEqual(Array(3).fill('completed'));
    for (const name of ['late', 'moved', 'third'])
      expect(existsSync(join(home.folder, 'texts', `${name}.txt`))).toBe(true);
  });

  it('hands in to the owner that there is, takes over from it, and works on every job that waits', async () => {
    const home = new Home();
    mkdirSync(join(home.folder, 'in'));
    const speech = await speak('the people of the city were very happy to see the train. we made coffee for everybody');
    const other = home.start(['transcribe', '--chunk-duration', '2', '--processes', '1', speech]);
    await other.said(/Processing chunk 1\//);
    const watching = home.start(['watch', 'in', ...settled]);
    await watching.said(/Another process works on the jobs/);
    other.signal('SIGINT');
    expect((await other.finished).code).toBe(130);
    await watching.said(/^Job 1: .* done: longhand export 1$/m);
    copyFileSync(await speak('good morning'), join(home.folder, 'in', 'a.wav'));
    await watching.said(/^Job 2: a\.wav done/m);
    await end(watching);
  });

  it.each([
    ['no folder', ['watch', 'nowhere'], /cannot be watched \(ENOENT\)/],
    ['a format without a folder', ['watch', '.', '--format', 'srt'], /--output DIR/],
    ['no time', ['watch', '.', '--poll', '0'], /--poll must be above 0/],
  ])('refuses %s', async (_what, args, message) => {
    const { code, stderr } = await new Home().run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
