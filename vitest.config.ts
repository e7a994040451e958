import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Files that start little: in a process of their own each would mostly load the same modules again. */
const TOGETHER = ['api', 'config', 'domain', 'jobs', 'metrics', 'notify', 'pipeline', 'transcript'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

const each = {
  setupFiles: ['test/support/each-file.ts'],
  // Tests start real programs, often on a busy machine: a limit is there for what hangs, not for what is slow.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
  pool: 'forks' as const,
};

export default defineConfig({
  test: {
    globalSetup: ['leave-nothing', 'shared-postgres', 'shared-whisper'].map((name) => `test/support/${name}.ts`),
    // Twice the cores of a small machine: tests wait for other processes, for disks and for periods of grace.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...each, name: 'together', include: TOGETHER, isolate: false } },
      // Some of these count the processes and handles of their own process, or end them.
      { test: { ...each, name: 'apart', include: ['test/**/*.test.ts'], exclude: TOGETHER } },
    ],
  },
});
