/** What the routes of an owner are given. */
import type { ApiContext, QueueControl } from './api/context.ts';
import type { Config } from './config/schema.ts';
import { modelsFolder } from './engines/models.ts';
import { allEngines } from './engines/registry.ts';
import { Storage } from './jobs/storage.ts';
import { usableMemoryBytes } from './native/memory.ts';
import type { OwnerNotifications } from './owner-notifications.ts';
import { engineSettings, intakeOf, quietHoursOf } from './owner-settings.ts';
import type { OwnerWork } from './owner-work.ts';
import { SAMPLE_RECORDING } from './package-root.ts';

type Given = Pick<
  ApiContext,
  'store' | 'hub' | 'lengths' | 'models' | 'media' | 'service' | 'acceptsJobs' | 'settingsControl'
> & {
  clock: QueueControl['clock'];
  notifications: OwnerNotifications;
  onProblem(sentence: string): void;
  /** For trials. */
  freeMemoryBytes: (() => number) | undefined;
};

export function contextOf(config: Config, work: OwnerWork, given: Given): ApiContext {
  const { clock, onProblem, freeMemoryBytes = usableMemoryBytes, ...parts } = given;
  const { dataDir, progressWebSocket } = config;
  const storage = new Storage({ store: given.store, dataDir, modelsDir: modelsFolder(config.cacheDir) });
  const settings = engineSettings(config);
  return {
    ...parts,
    dataDir,
    intake: intakeOf(config),
    engines: allEngines(),
    settings,
    get onLeave() {
      return config.onLeave;
    },
    live: { progressWebSocket, clock, onProblem },
    reservePlace: async () => (config.queueEnabled ? () => {} : await work.reservations.keep()),
    want: (jobId) => work.want(jobId),
    unwant: (jobId, why, graceMs, by) => work.unwant(jobId, why, graceMs, by),
    settled: (jobId) => work.supervisor.settled(jobId),
    queue: queueOf(config, work, clock),
    sampleRecording: SAMPLE_RECORDING,
    memory: () => ({ freeBytes: freeMemoryBytes(), limitBytes: config.maxMemoryBytes }),
    upkeep: {
      examine: async () => {
        const [{ examine }, { healthAnswerOf }] = await Promise.all([
          import('./doctor/examine.ts'),
          import('./doctor/examine-supervision.ts'),
        ]);
        const health = async () => healthAnswerOf(await work.processes.healthCheck());
        return await examine(config, allEngines(), settings, health);
      },
      storage: () => storage.view(),
    },
    processStatus: (jobId) => work.processes.getProcessStatus(jobId),
    health: () => work.processes.healthCheck(),
    cleanup: () => work.rounds.both(),
  };
}

function queueOf(config: Config, work: OwnerWork, clock: QueueControl['clock']): QueueControl {
  const { estimates, wanted, gate, scheduler, supervisor, dispatcher } = work;
  return {
    clock,
    estimates,
    get timeZone() {
      return config.timeZone;
    },
    get maxConcurrent() {
      return config.maxConcurrent;
    },
    get quietHours() {
      return quietHoursOf(config);
    },
    wanted,
    opensAt: () => gate.opensAt,
    whyWaiting: (jobId) => scheduler.whyWaiting(jobId),
    progressOf: (jobId) => supervisor.progressOf(jobId),
    wake: () => dispatcher.wake(),
    goOn: async () => {
      gate.forget();
      scheduler.notePaused();
      await scheduler.tick();
      dispatcher.wake();
    },
    pauseRunning: () => supervisor.stopRunning('queue paused'),
  };
}
