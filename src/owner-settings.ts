/** What the parts of an owner take from the settings and from the machine. */
import { availableParallelism, totalmem } from 'node:os';
import type { Intake } from './api/intake.ts';
import type { Config } from './config/schema.ts';
import { parseQuietHours, type QuietHours } from './domain/quiet-hours.ts';
import type { EngineSettings } from './engines/engine.ts';
import { LONGEST_ALLOWANCE_MS } from './runner/chunk-allowance.ts';
import { HEARTBEAT_INTERVAL_MS } from './runner/protocol.ts';
import type { RunLimits } from './supervisor/run.ts';
import type { Patience } from './supervisor/watch.ts';

/** This many heartbeats in a row missed: the runner's process hangs. */
const MISSED_HEARTBEATS = 6;
const PROGRESS_MARGIN_MS = 60_000;

/** The part of the configuration that engines need. */
export function engineSettings({ cacheDir, openaiUrl, openaiKey }: Config): EngineSettings {
  return { cacheDir, ...(openaiUrl ? { openaiUrl } : {}), ...(openaiKey ? { openaiKey } : {}) };
}

/** How recordings come in, and what is done with one for which nothing was said. */
export function intakeOf(config: Config): Intake {
  const { maxUploadBytes, uploadHours } = config;
  return { defaults: config, maxUploadBytes, uploadKeepMs: uploadHours * 3_600_000 };
}

/** Times of day at which jobs may run; undefined: always. */
export function quietHoursOf({ quietHours, timeZone }: Config): QuietHours | undefined {
  if (!quietHours) return undefined;
  return parseQuietHours(quietHours, timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** What one job can have at best: the machine's memory, or what a control group or the limit for a job leaves of it. */
export function capacityBytesFor({ maxMemoryBytes }: Config): number {
  const constrained = process.constrainedMemory();
  return Math.min(totalmem(), maxMemoryBytes, constrained > 0 ? constrained : Infinity);
}

export function runLimits({ timeoutSeconds, maxMemoryBytes, cpuLimit, niceness }: Config): RunLimits {
  const cores = availableParallelism();
  return { timeoutSeconds, memoryBytes: maxMemoryBytes, cpuCores: cpuLimit < cores ? cpuLimit : undefined, niceness };
}

/** Threads beyond the limit would only be held back. */
export function coresFor({ cpuLimit }: Config): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cpuLimit)));
}

export function patienceFor({ chunkTimeoutSeconds }: Config): Patience {
  return {
    heartbeatMs: HEARTBEAT_INTERVAL_MS,
    missedHeartbeats: MISSED_HEARTBEATS,
    // The runner resets a hung engine worker itself; this is for the runner that cannot.
    progressMs: Math.max(LONGEST_ALLOWANCE_MS, (chunkTimeoutSeconds ?? 0) * 1000) + PROGRESS_MARGIN_MS,
  };
}

/** What must not be in any log: the key, and the passwords of addresses, which the redactor finds in them. */
export function secretsOf({ openaiKey, openaiUrl, modelMirror, databaseUrl, smtpUrl }: Config): string[] {
  const addresses = [openaiUrl, modelMirror, databaseUrl, smtpUrl].filter((url) => url !== undefined);
  return [...(openaiKey ? [openaiKey] : []), ...addresses.filter(holdsPassword)];
}

function holdsPassword(url: string): boolean {
  return !URL.canParse(url) || new URL(url).password !== '';
}
