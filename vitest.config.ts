import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/each-file.ts'],
    globalSetup: ['test/support/leave-nothing.ts', 'test/support/shared-postgres.ts'],
    // Tests start real programs, often on a busy machine: a limit is there for what hangs, not for what is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // A process of its own for each file would load the same modules again: nearly half of the time of a file that starts nothing.
    isolate: false,
    // One more than the cores of a small machine: tests wait for other processes, for disks and for periods of grace.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
