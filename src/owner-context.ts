/** What the routes of an owner are given. */
import type { ApiContext, QueueControl } from './api/context.ts';
import type { Config } from './config/schema.ts';
import { toldSettings } from './config/told.ts';
import { allEngines } from './engines/registry.ts';
import { redactor } from './logs/redact.ts';
import type { OwnerNotifications } from './owner-notifications.ts';
import { engineSettings, intakeOf, quietHoursOf, secretsOf } from './owner-settings.ts';
import type { OwnerWork } from './owner-work.ts';

type Given = Pick<ApiContext, 'store' | 'hub' | 'lengths' | 'models' | 'service' | 'acceptsJobs'> & {
  clock: QueueControl['clock'];
  notifications: OwnerNotifications;
  onProblem(sentence: string): void;
};

export function contextOf(config: Config, work: OwnerWork, given: Given): ApiContext {
  const { clock, onProblem, ...parts } = given;
  const { dataDir, onLeave, progressWebSocket } = config;
  return {
    ...parts,
    dataDir,
    intake: intakeOf(config),
    engines: allEngines(),
    settings: engineSettings(config),
    onLeave,
    live: { progressWebSocket, clock, onProblem },
    reservePlace: async () => (config.queueEnabled ? () => {} : await work.reservations.keep()),
    want: (jobId) => work.want(jobId),
    unwant: (jobId, why, graceMs, by) => work.unwant(jobId, why, graceMs, by),
    settled: (jobId) => work.supervisor.settled(jobId),
    queue: queueOf(config, work, clock),
    toldSettings: () => toldSettings(config, redactor(secretsOf(config))),
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
    timeZone: config.timeZone,
    maxConcurrent: config.maxConcurrent,
    quietHours: quietHoursOf(config),
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
