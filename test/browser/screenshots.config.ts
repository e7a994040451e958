import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** `npm run screenshots`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/browser/screenshots.ts'], testTimeout: 600_000, maxWorkers: 1 },
});
