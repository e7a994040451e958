import type { Config } from './config/schema.ts';
import type { JobLog } from './logs/job-log.ts';
import { DailyBackups } from './store/daily-backups.ts';
import { forgetOld } from './store/retention.ts';
import type { Store } from './store/store.ts';

/** A backup a day; what is too old to be kept is deleted once it is in one. */
export function dailyBackups(
  config: Config,
  store: Store,
  { log, onError }: { log: JobLog; onError(error: unknown): void },
): DailyBackups {
  return new DailyBackups(store, {
    onBackup: async (path) => {
      log.write('INFO', 'backup', `Made and verified ${path}`);
      const { events, usageOfRuns } = await forgetOld(store, config);
      if (events + usageOfRuns === 0) return;
      log.write('INFO', 'cleanup', `Forgot ${events} old events and the curves of ${usageOfRuns} runs`);
    },
    onError,
  });
}
