import { join } from 'node:path';
import type { Config } from './config/schema.ts';
import type { Clock } from './domain/clock.ts';
import type { LogLevel } from './domain/log-level.ts';
import { JobLog } from './logs/job-log.ts';
import { secretsOf } from './owner-settings.ts';

/** Longhand's own log, beside those of the jobs. */
const SERVICE_LOG = 'longhand.log';

/** Tells what went wrong where nobody waits for an answer; a WARNING unless said. */
export type OnProblem = (sentence: string, level?: LogLevel) => void;

/** Opens the owner's own log. */
export function openServiceLog(config: Config, clock: Clock): JobLog {
  return new JobLog(join(config.dataDir, 'logs', SERVICE_LOG), {
    now: clock.now,
    secrets: secretsOf(config),
    level: config.logLevel,
    limits: { rotateBytes: config.logRotateBytes },
  });
}
