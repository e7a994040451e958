/**
 * Run before each test file. Several files share a process, and the modules that they import are loaded once for all of them:
 * what such a module keeps outlives a file. So what belongs to one file alone is begun and ended here.
 */
import { afterAll, afterEach } from 'vitest';
import { refuseFaults } from './checked-answers.ts';
import { endFile } from './end-of-file.ts';
import { beginScratch } from './scratch.ts';

const environment = { ...process.env };

afterEach(refuseFaults);
// The first to be registered is the last to be called.
afterAll(beginScratch());
afterAll(endFile);
afterAll(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});
