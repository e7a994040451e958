/** Versions of a text and documents, on the command line. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { saveTranscript } from '../../src/jobs/transcript-versions.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { openStore } from '../../src/store/open.ts';
import { jobFolder } from '../../src/supervisor/job-files.ts';
import { Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';

test('the newest version is given out, older ones by their number, and documents into a folder', async () => {
  const home = new Home();
  const recording = await speak('good morning');
  const first = await home.run([
    'transcribe',
    '--engine',
    'pocketsphinx',
    '--format',
    'docx',
    '--output',
    'texts',
    recording,
  ]);
  expect(first).toMatchObject({ code: 0, stdout: '' });
  const [document = ''] = readdirSync(join(home.folder, 'texts'));
  expect(document).toMatch(/\.docx$/);
  expect(
    readFileSync(join(home.folder, 'texts', document))
      .subarray(0, 2)
      .toString(),
  ).toBe('PK');

  const { stdout: heard } = await home.run(['export', '1']);
  expect(heard).toMatch(/^\w/);

  // As somebody does on the page, while no command is at work.
  const store = await openStore({ file: join(home.dataDir, 'longhand.db'), clock: systemClock });
  const segments = [{ index: 0, text: 'good evening' }];
  await saveTranscript(store, 1, jobFolder(home.dataDir, 1), { base: 1, segments, note: 'It was late' });
  await store.close();

  expect(await home.run(['export', '1'])).toMatchObject({ code: 0, stdout: 'good evening\n' });
  expect(await home.run(['export', '1', '--version-number', '1'])).toMatchObject({ code: 0, stdout: heard });
  expect(await home.json(['versions', '1'])).toMatchObject({
    ...{
      id: 1,
      versions: [
        { number: 1, kind: 'engine' },
        { number: 2, author: 'user', note: 'It was late' },
      ],
    },
  });
  const { stdout } = await home.run(['versions', '1']);
  expect(stdout).toMatch(
    /^VERSION {2}CREATED.*\n1 .*pocketsphinx, model en-us\n2 .*1 passage {2}user \(It was late\)\n$/,
  );

  expect(await home.run(['export', '1', '--version-number', '3'])).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('has no version 3; the newest is 2') },
  });
  expect(await home.run(['export', '1', '--version-number', 'x'])).toMatchObject({ code: 2 });
  expect(await home.run(['export', '1', '--format', 'docx'])).toMatchObject({
    ...{ code: 2, stdout: '', stderr: expect.stringContaining('--output DIR') },
  });
});

test('what documents are made with is not read when a command starts', () => {
  const read = new Set<string>();
  const follow = (file: string) => {
    if (read.has(file) || !existsSync(file)) return;
    read.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|\} from|export .* from)\b[^'"\n]*["'](\.[^"']+)["'];/gm,
    )) {
      follow(join(dirname(file), path));
    }
  };
  follow(join(PACKAGE_ROOT, 'dist', 'longhand.js'));
  expect(read.size).toBeGreaterThan(1);
  const holdsDocuments = (file: string) => readFileSync(file, 'utf8').includes('[Content_Types].xml');
  expect([...read].filter(holdsDocuments)).toEqual([]);
  const parts = readdirSync(join(PACKAGE_ROOT, 'dist', 'parts')).filter((name) => name.endsWith('.js'));
  expect(parts.filter((name) => holdsDocuments(join(PACKAGE_ROOT, 'dist', 'parts', name)))).not.toEqual([]);
});
