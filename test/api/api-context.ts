/** What the routes get from an owner, over a real store; nothing is worked on. */
import { join } from 'node:path';
import type { ApiContext } from '../../src/api/context.ts';
import { NewsHub } from '../../src/api/events.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ModelShelf } from '../../src/engines/model-shelf.ts';
import { mediaOf } from '../../src/owner-media.ts';
import { intakeOf } from '../../src/owner-settings.ts';
import { SAMPLE_RECORDING } from '../../src/package-root.ts';
import type { Store } from '../../src/store/store.ts';
import { ProcessManager } from '../../src/supervisor/process-manager.ts';
import { StoreRegistry } from '../../src/supervisor/store-registry.ts';
import { queueControlOf } from '../jobs/queue-contexts.ts';

/** What the settings say when nobody has set anything. */
const INTAKE = intakeOf(loadConfig({}, {}).config);

export function apiContext(store: Store, dataDir: string, more: Partial<ApiContext> = {}): ApiContext {
  const processes = new ProcessManager({ logDir: join(dataDir, 'logs'), registry: new StoreRegistry(store) });
  return {
    store,
    hub: new NewsHub(),
    dataDir,
    engines: [],
    settings: { cacheDir: dataDir },
    intake: INTAKE,
    acceptsJobs: true,
    want: () => undefined,
    unwant: () => false,
    reservePlace: async () => () => undefined,
    settled: async () => undefined,
    queue: queueControlOf(store),
    processStatus: (jobId) => processes.getProcessStatus(jobId),
    health: () => processes.healthCheck(),
    models: new ModelShelf({ cacheDir: dataDir, source: 'http://127.0.0.1:9', clock: store.clock }),
    media: mediaOf(store, dataDir),
    sampleRecording: SAMPLE_RECORDING,
    memory: () => ({ freeBytes: 8e9, limitBytes: 2e9 }),
    toldSettings: () => [],
    cleanup: async () => ({
      recovered: [],
      strays: [],
      survivors: [],
      cleaned: { logs: { files: 0, bytes: 0 }, jobs: 0, uploads: 0 },
    }),
    ...more,
  };
}
