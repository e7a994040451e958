import { defineConfig } from 'vitest/config';

/** `npm run screenshots`. */
export default defineConfig({
  test: {
    include: ['test/browser/screenshots.ts'],
    setupFiles: ['test/support/each-file.ts'],
    globalSetup: ['test/support/leave-nothing.ts', 'test/support/shared-postgres.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
});
