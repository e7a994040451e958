import { availableParallelism, hostname } from 'node:os';
import type { Config } from './config/schema.ts';
import { allEngines } from './engines/registry.ts';
import { Estimates } from './jobs/estimates.ts';
import { coresFor } from './owner-settings.ts';
import type { Store } from './store/store.ts';

/**
 * What an owner expects of the jobs on this machine.
 * @param wanted the jobs that may run; undefined: all that wait
 */
export function estimatesOf(config: Config, store: Store, wanted: () => readonly number[] | undefined): Estimates {
  return new Estimates({
    store,
    machine: hostname(),
    cores: availableParallelism(),
    coresPerJob: coresFor(config),
    get maxConcurrent() {
      return config.maxConcurrent;
    },
    engines: allEngines(),
    wanted,
  });
}
