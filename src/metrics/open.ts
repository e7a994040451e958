import type { NewsHub } from '../api/events.ts';
import type { Clock } from '../domain/clock.ts';
import { diskSpaceOf } from '../files/disk-space.ts';
import type { Estimates } from '../jobs/estimates.ts';
import { queueWorkSeconds } from '../jobs/queue-work.ts';
import { endingOf } from '../store/endings.ts';
import type { JobCounter } from '../store/job-counter.ts';
import { countWaiting } from '../store/queue-outlook.ts';
import type { QueuePause } from '../store/queue-state.ts';
import { databaseBytes } from '../store/size.ts';
import type { Store } from '../store/store.ts';
import type { ProcessManager } from '../supervisor/process-manager.ts';
import { ServiceMetrics } from './metrics.ts';

/** What an owner has that its figures are taken from. */
export interface MetricsOwner {
  version: string;
  store: Store;
  clock: Clock;
  dataDir: string;
  hub: NewsHub;
  processes: ProcessManager;
  counter: JobCounter;
  estimates: Estimates;
  pause(): Promise<QueuePause | undefined>;
  isReady(): Promise<boolean>;
  streams(): number;
  sockets(): number;
}

/** Begins to count. */
export function openMetrics(owner: MetricsOwner): ServiceMetrics {
  const { version, store, clock, dataDir, hub, processes, counter, estimates, pause, isReady, streams, sockets } =
    owner;
  return new ServiceMetrics({
    ...{ version, isReady, streams, sockets },
    monotonicMs: () => clock.monotonicMs(),
    listen: (listener) => hub.subscribeToAll(listener),
    endingOf: (jobId) => endingOf(store, jobId),
    processes: () => processes.figures(),
    byStatus: async () => (await counter.counts()).byStatus,
    queue: async () => ({
      waiting: await countWaiting(store),
      workSeconds: await queueWorkSeconds(estimates),
      pause: await pause(),
    }),
    databaseBytes: () => databaseBytes(store),
    diskSpace: () => diskSpaceOf(dataDir),
  });
}
