import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/each-file.ts'],
    globalSetup: ['test/support/leave-nothing.ts', 'test/support/shared-postgres.ts'],
    // Tests start real programs, often on a busy machine: a limit is there for what hangs, not for what is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // A process of its own for each file would cost a third of the time, to load the same modules again.
    isolate: false,
    maxWorkers: 2,
  },
});
