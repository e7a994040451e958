/**
 * Every setting, once: its names, its default, its unit, what it may be.
 *
 * Flags override the environment, the environment overrides the file, the file overrides the defaults.
 */
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { parseByteSize } from '../domain/bytes.ts';
import { UsageError } from '../domain/errors.ts';
import { ON_LEAVE } from '../domain/job.ts';
import { LOG_LEVELS } from '../domain/log-level.ts';
import { isMailAddress } from '../domain/mail-address.ts';
import { parseQuietHours } from '../domain/quiet-hours.ts';
import { ENGINE_NAMES } from '../engines/engine.ts';

/** A setting from the environment or the file comes as text. */
const number = z
  .union([z.number(), z.string().trim().min(1).transform(Number)], 'it must be a number')
  .pipe(z.number('it must be a number'));
const positive = number.pipe(z.number().positive('it must be above 0'));
const whole = number.pipe(z.int('it must be a whole number').positive('it must be above 0'));
const count = number.pipe(z.int('it must be a whole number').min(0, 'it must be 0 or more'));
const port = number.pipe(
  z.int('it must be a whole number').min(0, 'it must be 0 to 65535').max(65_535, 'it must be 0 to 65535'),
);
const share = number.pipe(z.number().min(0, 'it must be 0 or more').max(10, 'it must be 10 or less'));
const bytes = z.union([z.number().positive(), z.string().transform(parseByteSize)], 'it must be a size, such as 2GB');
const size = bytes.pipe(z.number('it must be a size, such as 2GB').positive('it must be above 0'));
const niceness = number.pipe(
  z.int('it must be a whole number').min(0, 'it must be 0 to 19').max(19, 'it must be 0 to 19'),
);
const postgresAddress = z
  .string()
  .refine(isPostgresAddress, 'it must be an address such as postgres://user:password@host:5432/longhand');
const smtpAddress = z
  .string()
  .refine(
    (text) => /^smtps?:\/\//.test(text) && URL.canParse(text),
    'it must be an address such as smtp://user:password@host:587',
  );
const mailAddress = z.string().trim().refine(isMailAddress, 'it must be an e-mail address');
const mailAddresses = z.union([
  z.array(mailAddress),
  z
    .string()
    .transform((text) => text.split(',').map((address) => address.trim()))
    .pipe(z.array(mailAddress)),
]);
const flag = z.union([
  z.boolean(),
  z.enum(['true', 'false', '1', '0', 'yes', 'no']).transform((text) => ['true', '1', 'yes'].includes(text)),
]);
const host = z
  .string()
  .regex(
    /^(\[[\da-f:.]+\]|[^\s:/?#@[\]\\,*]+)(:\d{1,5})?$/i,
    'it must be names or addresses, each with or without :port',
  );
const hosts = z.union([
  z.array(host),
  z
    .string()
    .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
    .pipe(z.array(host)),
]);

/** Read again by whoever needs the hours; here only so that a wrong one is told with the settings. */
const workHours = z.string().superRefine(told((text) => parseQuietHours(text, 'UTC')));
const timeZone = z.string().superRefine(told((name) => parseQuietHours('00:00-24:00', name)));

/** Makes an issue of the error that reading throws. */
function told(read: (text: string) => unknown) {
  return (text: string, context: z.RefinementCtx) => {
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: 'custom', message: [error.message, error.remedy].filter(Boolean).join(' ') });
    }
  };
}

/** As the store takes it apart: a host may be missing though a user is there. */
function isPostgresAddress(text: string): boolean {
  const whole = text.replace('@/', '@localhost/');
  return /^postgres(ql)?:\/\//.test(whole) && URL.canParse(whole);
}

/** One setting. The key of its entry in `SETTINGS` is its name in the file and in the program. */
interface Setting<T extends z.ZodType> {
  env: string;
  type: T;
  /** For people: what it is, in which unit. */
  about: string;
}

function setting<T extends z.ZodType>(env: string, type: T, about: string): Setting<T> {
  return { env, type, about };
}

export const SETTINGS = {
  dataDir: setting('LONGHAND_DATA', z.string().min(1), 'folder of the database, the jobs and the logs'),
  databaseUrl: setting(
    'LONGHAND_DATABASE_URL',
    postgresAddress.optional(),
    'a PostgreSQL database instead of the file: postgres://user:password@host:5432/longhand',
  ),
  cacheDir: setting('LONGHAND_CACHE', z.string().min(1), 'folder of the models and built engines'),
  host: setting('LONGHAND_HOST', z.string().min(1).default('127.0.0.1'), 'address that the service listens on'),
  port: setting('LONGHAND_PORT', port.default(7420), 'port that the service listens on; 0 takes a free one'),
  allowedHosts: setting(
    'LONGHAND_ALLOWED_HOSTS',
    hosts.optional(),
    'names by which others reach the service, such as transcribe.example.org, separated by commas',
  ),
  maxUploadBytes: setting('LONGHAND_MAX_UPLOAD', size.default(20 * 1024 ** 3), 'most that one upload may have'),
  uploadHours: setting(
    'LONGHAND_UPLOAD_HOURS',
    positive.default(24),
    'hours that an upload is kept that no job was made of',
  ),
  engine: setting(
    'LONGHAND_ENGINE',
    z.enum(['auto', ...ENGINE_NAMES], `it must be one of auto, ${ENGINE_NAMES.join(', ')}`).default('auto'),
    'speech recogniser',
  ),
  model: setting('LONGHAND_MODEL', z.string().min(1).default('auto'), "model's name or file"),
  language: setting('LONGHAND_LANGUAGE', z.string().min(2).default('auto'), 'language spoken, such as en or th'),
  processes: setting(
    'LONGHAND_PROCESSES',
    whole.default(Math.min(2, availableParallelism())),
    'engine workers per job',
  ),
  workers: setting('LONGHAND_WORKERS', whole.default(availableParallelism()), 'threads per engine worker'),
  preprocessWorkers: setting('LONGHAND_PREPROCESS_WORKERS', whole.default(2), 'threads for decoding'),
  chunkDurationSeconds: setting(
    'LONGHAND_CHUNK_DURATION',
    positive.optional(),
    "seconds per chunk; the engine's own by default",
  ),
  overlapSeconds: setting('LONGHAND_OVERLAP', share.default(0), 'seconds that neighbouring chunks share'),
  chunkTimeoutSeconds: setting(
    'LONGHAND_CHUNK_TIMEOUT',
    positive.optional(),
    'seconds one chunk may take; measured by default',
  ),
  maxConcurrent: setting('MAX_CONCURRENT_TRANSCRIPTIONS', whole.default(2), 'jobs at the same time'),
  queueEnabled: setting(
    'TRANSCRIPTION_QUEUE_ENABLED',
    flag.default(true),
    'false: a recording that cannot start at once is refused instead of queued',
  ),
  maxRetries: setting('MAX_RETRY_ATTEMPTS', count.default(3), 'retries of a job after errors, in all'),
  quietHours: setting(
    'LONGHAND_QUIET_HOURS',
    workHours.optional(),
    'times of day at which jobs may run, such as 22:00-07:00; always by default',
  ),
  timeZone: setting(
    'LONGHAND_TIME_ZONE',
    timeZone.optional(),
    "time zone of those times; the machine's own by default",
  ),
  timeoutSeconds: setting(
    'TRANSCRIPTION_TIMEOUT',
    positive.optional(),
    'seconds a job may run; by default 1800 or ten times the estimate, whichever is longer',
  ),
  maxMemoryBytes: setting(
    'MAX_MEMORY_PER_TRANSCRIPTION',
    size.default(2 * 1024 ** 3),
    'memory that the processes of a job may use together',
  ),
  cpuLimit: setting('CPU_LIMIT_PER_TRANSCRIPTION', positive.default(2), 'cores that a job may use'),
  niceness: setting('LONGHAND_NICE', niceness.default(5), 'how far jobs stand back behind other programs, 0 to 19'),
  sweepIntervalSeconds: setting(
    'LONGHAND_SWEEP_INTERVAL',
    positive.default(10),
    'seconds between searches for orphans',
  ),
  orphanPolicy: setting(
    'LONGHAND_ORPHAN_POLICY',
    z.enum(['resume', 'fail'], 'it must be resume or fail').default('resume'),
    'what becomes of a job whose process was lost',
  ),
  logLevel: setting(
    'LONGHAND_LOG_LEVEL',
    z.enum(LOG_LEVELS, `it must be one of ${LOG_LEVELS.join(', ')}`).default('INFO'),
    "least level in Longhand's own log",
  ),
  logRotateBytes: setting('LONGHAND_LOG_ROTATE', size.default(10 * 1024 ** 2), 'size at which a log is rotated'),
  logOutputBytes: setting(
    'LONGHAND_LOG_OUTPUT',
    size.default(20 * 1024 ** 2),
    'most that the programs of one run may print into its log',
  ),
  logDays: setting('LONGHAND_LOG_DAYS', positive.default(7), 'days that logs are kept'),
  logTotalBytes: setting('LONGHAND_LOG_TOTAL', size.default(1024 ** 3), 'most that all logs together may take'),
  eventDays: setting('LONGHAND_EVENT_DAYS', positive.default(365), 'days that events, the trail of changes, are kept'),
  usageDays: setting('LONGHAND_USAGE_DAYS', positive.default(30), 'days that what a run used over time is kept'),
  progressWebSocket: setting(
    'ENABLE_PROGRESS_WEBSOCKET',
    flag.default(true),
    'false: there is no WebSocket that tells the progress of a job',
  ),
  onLeave: setting(
    'LONGHAND_ON_LEAVE',
    z.enum(ON_LEAVE, `it must be one of ${ON_LEAVE.join(', ')}`).default('continue'),
    'what becomes of a job when the page that started it stays closed',
  ),
  tracking: setting('LONGHAND_PROCESS_TRACKING', flag.default(true), 'false: every transcribe runs with --untracked'),
  modelMirror: setting('LONGHAND_MODEL_MIRROR', z.url().optional(), 'where models are downloaded from'),
  openaiUrl: setting('LONGHAND_OPENAI_URL', z.url().optional(), 'an OpenAI-compatible server, ending in /v1'),
  openaiKey: setting('LONGHAND_OPENAI_KEY', z.string().min(1).optional(), 'the key for it'),
  smtpUrl: setting(
    'LONGHAND_SMTP_URL',
    smtpAddress.optional(),
    'the mail server: smtp://user:password@host:587, or smtps:// where TLS comes first',
  ),
  mailFrom: setting('LONGHAND_MAIL_FROM', mailAddress.optional(), 'the sender of e-mail'),
  mailTo: setting(
    'LONGHAND_MAIL_TO',
    mailAddresses.optional(),
    'who gets an e-mail when a job is completed or has failed; several with commas',
  ),
  allowPrivateHooks: setting(
    'LONGHAND_ALLOW_PRIVATE_HOOKS',
    flag.default(false),
    'true: webhooks may go to this machine and its networks',
  ),
} as const;

export type SettingName = keyof typeof SETTINGS;

/** All settings with their values. Frozen; read once at the start. */
export type Config = Readonly<{ [K in SettingName]: z.output<(typeof SETTINGS)[K]['type']> }>;

/** The settings as they may be given by flags. */
export type ConfigInput = { [K in SettingName]?: z.input<(typeof SETTINGS)[K]['type']> | undefined };
