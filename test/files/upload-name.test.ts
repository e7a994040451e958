import { basename, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uploadOf } from '../../src/files/upload-folder.ts';
import { fileName, shownName } from '../../src/files/upload-name.ts';

const ANY_NAME = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.stringMatching(/^[./\\ \0a-z\u202e]{0,40}$/),
  fc.constantFrom(
    '.',
    '..',
    '...',
    ' . ',
    '/',
    '\\',
    '\ud800',
    '.job-1',
    `.${'x'.repeat(300)}`,
    `a.${'x'.repeat(300)}`,
  ),
);

test('whatever a client says, the name is one that a folder takes and that is not hidden', () => {
  fc.assert(
    fc.property(ANY_NAME, (name) => {
      const safe = fileName(name);
      expect(basename(join('/uploads/id', safe))).toBe(safe);
      expect(safe).toMatch(/^[^.\0/][^\0/]*$/su);
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
      expect(Buffer.from(safe).toString()).toBe(safe);
      const shown = shownName(name);
      expect(shown).not.toMatch(/^[.\s]*$|[/\\\p{Cc}\u202e]|^\s|\s$/u);
      expect([...shown].length).toBeLessThanOrEqual(255);
    }),
    { numRuns: 2_000 },
  );
});

test('a name keeps its ending', () => {
  expect(fileName(`${'ก'.repeat(300)}.m4a`)).toMatch(/^ก{65}\.m4a$/);
  expect(fileName('talk.wav')).toBe('talk.wav');
});

test.each([
  ['a recording of an upload', 'uploads/0123456789abcdef0123456789abcdef/talk.wav', '0123456789abcdef0123456789abcdef'],
  ['a file deeper', 'uploads/0123456789abcdef0123456789abcdef/a/talk.wav', undefined],
  ['the folder itself', 'uploads/0123456789abcdef0123456789abcdef', undefined],
  ['another folder there', 'uploads/mine/talk.wav', undefined],
  ['a file elsewhere', 'jobs/1/talk.wav', undefined],
  ['a way out', 'uploads/../../home/talk.wav', undefined],
])('%s is known for what it is', (_, path, id) => {
  expect(uploadOf('/data', join('/data', path))).toBe(id);
  expect(uploadOf('/other', join('/data', path))).toBeUndefined();
});
