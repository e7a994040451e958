/** How each setting is shown and changed in a form: its group, its kind with its limits, and what a change of it takes. */
import { ON_LEAVE } from '../domain/job.ts';
import { LOG_LEVELS } from '../domain/log-level.ts';
import { ENGINE_NAMES } from '../engines/engine.ts';
import type { SettingName } from './schema.ts';

export const SETTING_GROUPS = [
  'transcription',
  'queue',
  'limits',
  'logs',
  'storage',
  'engines',
  'notifications',
  'service',
] as const;
export type SettingGroup = (typeof SETTING_GROUPS)[number];

/** In which unit a number is. */
export type SettingUnit = 'seconds' | 'hours' | 'days' | 'bytes' | 'cores';

/** What a form offers for a setting. */
export type SettingField =
  | {
      /** A duration is a number of the unit, too. */
      kind: 'number' | 'duration';
      unit: SettingUnit | null;
      /** Itself allowed. */
      min: number | null;
      max: number | null;
      /** Itself not allowed. */
      above: number | null;
      whole: boolean;
    }
  | { kind: 'choice'; choices: readonly string[] }
  | { kind: 'text' | 'boolean' | 'list' };

/**
 * What becomes of a change over HTTP: it holds `at once`, it holds after a `restart`, or it is refused. Refused is what would
 * let a browser move the data, open the service to others, or choose what is reached and run on this machine.
 */
export type SettingChange = 'at once' | 'restart' | { refused: string };

export interface SettingForm {
  group: SettingGroup;
  field: SettingField;
  change: SettingChange;
  /** Its value is never told. */
  secret?: true;
}

const text = { kind: 'text' } as const;
const yesOrNo = { kind: 'boolean' } as const;
const list = { kind: 'list' } as const;

function choice(...choices: readonly string[]): SettingField {
  return { kind: 'choice', choices };
}

/** Above 0, where nothing else is said. */
function amount(unit: SettingUnit, { min, max }: { min?: number; max?: number } = {}): SettingField {
  const kind = unit === 'seconds' || unit === 'hours' || unit === 'days' ? 'duration' : 'number';
  return { kind, unit, min: min ?? null, max: max ?? null, above: min === undefined ? 0 : null, whole: false };
}

function count(min: number, max: number | null = null): SettingField {
  return { kind: 'number', unit: null, min, max, above: null, whole: true };
}

const PLACE = { refused: 'it says where Longhand keeps things on this machine' } as const;
const ADDRESS = { refused: 'it says who can reach the service' } as const;

/** Every setting. */
export const SETTING_FORMS: Readonly<Record<SettingName, SettingForm>> = {
  dataDir: { group: 'service', field: text, change: PLACE },
  databaseUrl: { group: 'service', field: text, change: PLACE, secret: true },
  cacheDir: { group: 'service', field: text, change: PLACE },
  host: { group: 'service', field: text, change: ADDRESS },
  port: { group: 'service', field: count(0, 65_535), change: ADDRESS },
  allowedHosts: { group: 'service', field: list, change: ADDRESS },
  maxUploadBytes: { group: 'limits', field: amount('bytes'), change: 'restart' },
  uploadHours: { group: 'storage', field: amount('hours'), change: 'restart' },
  engine: { group: 'transcription', field: choice('auto', ...ENGINE_NAMES), change: 'at once' },
  model: { group: 'transcription', field: text, change: 'at once' },
  language: { group: 'transcription', field: text, change: 'at once' },
  processes: { group: 'transcription', field: count(1), change: 'at once' },
  workers: { group: 'transcription', field: count(1), change: 'at once' },
  preprocessWorkers: { group: 'transcription', field: count(1), change: 'at once' },
  chunkDurationSeconds: { group: 'transcription', field: amount('seconds'), change: 'at once' },
  overlapSeconds: { group: 'transcription', field: amount('seconds', { min: 0, max: 10 }), change: 'at once' },
  // The supervisor's patience hangs on it as well.
  chunkTimeoutSeconds: { group: 'transcription', field: amount('seconds'), change: 'restart' },
  maxConcurrent: { group: 'queue', field: count(1), change: 'at once' },
  queueEnabled: { group: 'queue', field: yesOrNo, change: 'at once' },
  maxRetries: { group: 'queue', field: count(0), change: 'at once' },
  quietHours: { group: 'queue', field: text, change: 'at once' },
  timeZone: { group: 'queue', field: text, change: 'at once' },
  timeoutSeconds: { group: 'limits', field: amount('seconds'), change: 'at once' },
  // What fits beside what, and how long it takes, was reckoned with these.
  maxMemoryBytes: { group: 'limits', field: amount('bytes'), change: 'restart' },
  cpuLimit: { group: 'limits', field: amount('cores'), change: 'restart' },
  niceness: { group: 'limits', field: count(0, 19), change: 'at once' },
  sweepIntervalSeconds: { group: 'queue', field: amount('seconds'), change: 'restart' },
  orphanPolicy: { group: 'queue', field: choice('resume', 'fail'), change: 'at once' },
  logLevel: { group: 'logs', field: choice(...LOG_LEVELS), change: 'at once' },
  logRotateBytes: { group: 'logs', field: amount('bytes'), change: 'restart' },
  logOutputBytes: { group: 'logs', field: amount('bytes'), change: 'at once' },
  logDays: { group: 'logs', field: amount('days'), change: 'at once' },
  logTotalBytes: { group: 'logs', field: amount('bytes'), change: 'at once' },
  eventDays: { group: 'storage', field: amount('days'), change: 'at once' },
  usageDays: { group: 'storage', field: amount('days'), change: 'at once' },
  progressWebSocket: { group: 'service', field: yesOrNo, change: 'restart' },
  onLeave: { group: 'transcription', field: choice(...ON_LEAVE), change: 'at once' },
  tracking: { group: 'service', field: yesOrNo, change: 'at once' },
  modelMirror: { group: 'engines', field: text, change: 'restart' },
  openaiUrl: { group: 'engines', field: text, change: 'restart' },
  openaiKey: { group: 'engines', field: text, change: 'restart', secret: true },
  smtpUrl: { group: 'notifications', field: text, change: 'restart', secret: true },
  mailFrom: { group: 'notifications', field: text, change: 'restart' },
  mailTo: { group: 'notifications', field: list, change: 'restart' },
  allowPrivateHooks: {
    group: 'notifications',
    field: yesOrNo,
    change: { refused: 'it keeps webhooks away from the networks of this machine' },
  },
};
