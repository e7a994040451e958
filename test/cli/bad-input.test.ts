import { mkdirSync } from 'node:fs';
import { copyFile, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf } from '../chaos/support.ts';
import { Home } from '../support/cli.ts';
import { convert, garbage, synthesise, truncate, write } from '../support/media.ts';
import { smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';

const SENTENCE = 'the people of the city were very happy to see the train';

interface Failed {
  jobs: { status: string; error: { kind: string; message: string; remedy: string | null } }[];
}

describe('a recording that cannot be used', () => {
  const inputs: [what: string, make: () => Promise<string>, message: RegExp][] = [
    ['an empty file', () => write('empty.wav', ''), /empty\.wav" is empty/],
    ['a text', () => write('notes.mp3', 'no sound at all, only words'), /notes\.mp3/],
    ['garbage', () => write('noise.flac', garbage(50_000)), /noise\.flac/],
    [
      'a video without sound',
      () => synthesise('silent film.mp4', 'color=size=64x64:duration=1', '-pix_fmt', 'yuv420p'),
      /silent film\.mp4.*no sound/,
    ],
    [
      'a truncated m4a',
      async () => truncate(await convert(await speak(SENTENCE), 'whole.m4a', '-c:a', 'aac'), 'cut.m4a', 0.6),
      /cut\.m4a/,
    ],
  ];

  it.each(inputs)('%s fails with kind input, names the file, and is not tried again', async (_what, make, message) => {
    const home = new Home(await smallModel());
    const { code, stdout, stderr } = await home.run(['transcribe', '--json', await make()]);
    expect(code).toBe(1);
    const [job] = (JSON.parse(stdout) as Failed).jobs;
    expect(job).toMatchObject({ status: 'failed', error: { kind: 'input' } });
    expect(job?.error.message).toMatch(message);
    expect(stderr).toContain(job?.error.message);
    expect(stderr).toMatch(/longhand show 1/);
    const shown = await jobOf(home, 1);
    expect(shown.runs).toMatchObject([{ outcome: 'failed' }]);
    expect(await readdir(join(home.dataDir, 'jobs', '1'))).toEqual([]);
  });

  it('does not keep the others from being done', async () => {
    const home = new Home(await smallModel());
    const empty = await write('nothing.wav', '');
    const { code, stdout } = await home.run(['transcribe', '--json', empty, await speak(SENTENCE)]);
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as Failed).jobs.map(({ status }) => status)).toEqual(['failed', 'completed']);
  });
});

describe('a recording that is unusual', () => {
  it('damaged in the middle is transcribed as far as it goes, with a warning that names what was lost', async () => {
    const home = new Home(await smallModel());
    const speech = await speak(`${SENTENCE}. ${SENTENCE}. ${SENTENCE}.`);
    const path = await truncate(await convert(speech, 'whole.mp3', '-b:a', '64k'), 'cut.mp3', 0.5);
    const { code, stdout, stderr } = await home.run(['transcribe', path]);
    expect(code).toBe(0);
    expect(stdout.split(' ').length).toBeGreaterThan(5);
    expect(stderr).toMatch(/\d+(\.\d+)? s/);
    const transcript = await home.json<{ warnings: string[] }>(['export', '1']);
    expect(transcript.warnings.join(' ')).toMatch(/\d s/);
  });

  const shapes: [what: string, make: () => Promise<string>, atLeast: number, atMost: number][] = [
    ['0.2 s of sound', () => synthesise('short.wav', 'sine=duration=0.2'), 0, 1],
    ['pure silence', () => synthesise('silence.wav', 'anullsrc=duration=5'), 0, 0],
    [
      '8-bit 8 kHz phone audio',
      async () => convert(await speak(SENTENCE), 'phone.wav', '-ar', '8000', '-c:a', 'pcm_u8'),
      5,
      20,
    ],
    ['6 channels at 96 kHz', async () => convert(await speak(SENTENCE), 'wide.wav', '-ar', '96000', '-ac', '6'), 5, 20],
  ];

  it.each(shapes)('%s gives a correct transcript', async (_what, make, atLeast, atMost) => {
    const home = new Home(await smallModel());
    const { code, stdout } = await home.run(['transcribe', await make()]);
    expect(code).toBe(0);
    const words = stdout.trim().split(/\s+/).filter(Boolean).length;
    expect(words).toBeGreaterThanOrEqual(atLeast);
    expect(words).toBeLessThanOrEqual(atMost);
  });

  const names = [
    'with spaces and \'quotes\' and "more".wav',
    'two\nlines.wav',
    '--model.wav',
    'การสัมภาษณ์.wav',
    '🎙️ interview.wav',
    '$(touch owned) `x`; rm -rf.wav',
    '%s%n\\x00.wav',
  ];

  it('may have any name, which is data everywhere', async () => {
    const home = new Home(await smallModel());
    const folder = join(home.folder, 'recordings');
    mkdirSync(folder);
    for (const name of names) await copyFile(await speak('good morning'), join(folder, name));
    const { code, stderr } = await home.run([
      'transcribe',
      ...names.map((name) => join(folder, name)),
      '--output',
      join(home.folder, 'out'),
      '--again',
    ]);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const written = await readdir(join(home.folder, 'out'));
    expect(written.sort()).toEqual(names.map((name) => name.replace(/\.wav$/, '.txt')).sort());
    const listed = await home.run(['jobs']);
    expect(listed.stdout.trimEnd().split('\n')).toHaveLength(names.length + 1);
    expect(await readdir(home.folder)).not.toContain('owned');
    for (let id = 1; id <= names.length; id += 1) {
      const log = await readFile(join(home.dataDir, 'logs', `transcribe_job_${id}.log`), 'utf8');
      expect(
        log
          .trimEnd()
          .split('\n')
          .every((line) => /^\d{4}-\d\d-\d\dT/.test(line)),
      ).toBe(true);
    }
  });

  it('that went away while its job waited is named, with the remedy', async () => {
    const home = new Home();
    const path = join(home.folder, 'gone.wav');
    await copyFile(await speak(`${SENTENCE}. ${SENTENCE}.`), path);
    const running = home.start(['transcribe', '--chunk-duration', '4', '--processes', '1', path]);
    await running.said(/Processing chunk 1\//);
    running.signal('SIGINT');
    await running.finished;
    await rename(path, `${path}.elsewhere`);
    const { code, stderr } = await home.run(['resume', '1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/gone\.wav" cannot be read any more \(ENOENT\)\.\n.*Put the recording back/);
    await rename(`${path}.elsewhere`, path);
    expect((await home.run(['resume', '1'])).code).toBe(0);
  });
});
