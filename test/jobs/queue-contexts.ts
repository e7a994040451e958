import { onTestFinished } from 'vitest';
import type { QueueControl } from '../../src/api/context.ts';
import { allEngines } from '../../src/engines/registry.ts';
import { Estimates, type EstimatesOptions } from '../../src/jobs/estimates.ts';
import type { QueueContext } from '../../src/jobs/queue-view.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { type TestClock, temporaryFolder, testClock } from '../store/support.ts';

/** What an owner knows and does about the queue of a store, when nothing runs. */
export function queueControlOf(store: Store): QueueControl {
  const { clock } = store;
  const estimates = new Estimates({
    ...{ store, machine: 'here', cores: 2, coresPerJob: 2, maxConcurrent: 1, engines: allEngines() },
  });
  return {
    ...{ clock, estimates, maxConcurrent: 1 },
    opensAt: () => undefined,
    whyWaiting: () => undefined,
    progressOf: () => undefined,
    wake: () => undefined,
    goOn: async () => undefined,
    pauseRunning: () => undefined,
  };
}

export interface QueueUnderTest extends QueueContext {
  store: Store;
  clock: TestClock;
}

/** An empty queue on a machine of two cores, each job of which uses both, one at a time. */
export async function emptyQueue(
  more: Partial<QueueContext> & Partial<EstimatesOptions> = {},
): Promise<QueueUnderTest> {
  const clock = testClock();
  const store = await openStore({ file: `${temporaryFolder()}/longhand.db`, clock });
  onTestFinished(() => store.close());
  const { maxConcurrent = 1 } = more;
  const estimates = new Estimates({
    ...{ store, machine: 'here', cores: 2, coresPerJob: 2, maxConcurrent, engines: allEngines() },
    ...more,
  });
  return {
    maxConcurrent,
    whyWaiting: () => undefined,
    progressOf: () => undefined,
    ...more,
    ...{ store, clock, estimates },
  };
}
