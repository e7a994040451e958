/** What the page calls things, in all its catalogues. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../src/package-root.ts';

/** Other names that a chunk had: it has one in each language. */
const OTHER_NAMES = { en: /\b(piece|slice)s?\b/i, th: /ชิ้น|ท่อน/ };

test.each(Object.entries(OTHER_NAMES))('a chunk has one name (%s)', (language, others) => {
  const files = globSync(`web/**/*.${language}.ts`, { cwd: PACKAGE_ROOT });
  expect(files.length).toBeGreaterThan(10);
  const wrong = files.flatMap((file) =>
    readFileSync(join(PACKAGE_ROOT, file), 'utf8')
      .split('\n')
      .filter((line) => others.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(wrong).toEqual([]);
});
