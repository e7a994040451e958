/** Every example of docs/library.md and of the library's own documentation, as it is written there. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { Home, Running } from '../support/cli.ts';
import { convert } from '../support/media.ts';
import { speak } from '../support/speech.ts';

interface Example {
  code: string;
  /** What the document says that it prints, if it does. */
  prints: string | undefined;
}

const guide = examplesIn(readFileSync(join(PACKAGE_ROOT, 'docs', 'library.md'), 'utf8'));
const source = readFileSync(join(PACKAGE_ROOT, 'src', 'index.ts'), 'utf8');
const comment = examplesIn(source.replaceAll(/^ \* ?/gm, ''));

it('has examples', () => {
  expect([guide.length, comment.length]).toEqual([6, 1]);
});

it.each([...guide, ...comment])('runs as it is written: $code', async ({ code, prints }) => {
  const home = new Home();
  const speech = await convert(await speak('good morning and welcome to the program'), 'interview.flac');
  for (const name of ['interview', 'monday', 'tuesday', 'wednesday']) {
    copyFileSync(speech, join(home.folder, `${name}.flac`));
  }
  mkdirSync(join(home.folder, 'node_modules'));
  symlinkSync(PACKAGE_ROOT, join(home.folder, 'node_modules', 'longhand'));
  writeFileSync(join(home.folder, 'example.mjs'), code);
  const running = new Running(spawn(process.execPath, ['example.mjs'], { cwd: home.folder, env: home.env }));
  const ended = await running.finished;
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  if (prints !== undefined) expect(ended.stdout).toBe(prints);
  for (const [, name] of code.matchAll(/'(interview\.(?:txt|srt|json))'/g)) {
    expect(existsSync(join(home.folder, name as string))).toBe(true);
  }
});

function examplesIn(text: string): Example[] {
  return [...text.matchAll(/^```js\n(.*?)^```\n(?:\nIt prints:\n\n```\n(.*?)^```\n)?/gms)].map(
    ([, code = '', prints]) => ({ code, prints }),
  );
}
