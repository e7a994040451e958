import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { UsageError } from '../domain/errors.ts';
import { sqliteCode } from './sqlite-errors.ts';

const TABLE = 'transcription_jobs';
const ROWS_AT_ONCE = 100;
/** A number of seconds since 1970 stays below this for three thousand years; one of milliseconds is above since 1973. */
const MOST_SECONDS = 1e11;

/** A row of TTService's database. Times are milliseconds since the epoch; what a row does not say is null. */
export interface TtserviceJob {
  id: number;
  filename: string;
  /** As they stand in the row: perhaps relative to TTService's folder. */
  originalPath: string | null;
  outputPath: string | null;
  durationMinutes: number;
  model: string;
  processes: number;
  workers: number;
  status: string;
  progress: number;
  progressStage: string | null;
  elapsedSeconds: number;
  speed: number;
  transcript: string | null;
  errorMessage: string | null;
  estimatedDuration: number | null;
  retryCount: number;
  taskId: string | null;
  createdAt: number | null;
  updatedAt: number | null;
  startedAt: number | null;
  completedAt: number | null;
  /** These three are missing in databases of its first versions. */
  processId: number | null;
  logFilePath: string | null;
  lastHeartbeat: number | null;
  userId: string | null;
  spaceId: string | null;
  /** By which the row is known again, also in a copy of the database. */
  key: string;
}

/**
 * The jobs in a database of TTService, in the order of their numbers. The database is only read, and may be in use.
 * @throws UsageError when the file is none
 */
export function* ttserviceJobs(path: string): Generator<TtserviceJob> {
  const database = openTtservice(path);
  try {
    const page = database.prepare(`select * from ${TABLE} where id > ? order by id limit ${ROWS_AT_ONCE}`);
    let last = Number.MIN_SAFE_INTEGER;
    for (;;) {
      const rows = page.all(last) as Record<string, unknown>[];
      for (const row of rows) yield jobOf(row);
      if (rows.length < ROWS_AT_ONCE) return;
      last = Number(rows.at(-1)?.id);
    }
  } finally {
    database.close();
  }
}

function openTtservice(path: string): Database.Database {
  if (!existsSync(path))
    throw new UsageError(`There is no file "${path}".`, 'It is data/transcriptor.db in the folder of TTService.');
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    refuseOther(database, path);
    return database;
  } catch (error) {
    database?.close();
    if (sqliteCode(error) === '') throw error;
    throw new UsageError(
      `"${path}" cannot be read as a database (${(error as Error).message}).`,
      'It is data/transcriptor.db in the folder of TTService.',
    );
  }
}

function refuseOther(database: Database.Database, path: string): void {
  const columns = (database.pragma(`table_info(${TABLE})`) as { name: string }[]).map(({ name }) => name);
  if (columns.includes('lease_token')) {
    throw new UsageError(`"${path}" is a database of Longhand's own.`, `To go back to it: longhand db restore ${path}`);
  }
  if (['id', 'filename', 'status'].every((name) => columns.includes(name))) return;
  throw new UsageError(
    `"${path}" is not a database of TTService: it has no table ${TABLE} as TTService makes it.`,
    'It is data/transcriptor.db in the folder of TTService.',
  );
}

function jobOf(row: Record<string, unknown>): TtserviceJob {
  return {
    id: Number(row.id),
    filename: String(row.filename),
    originalPath: textOf(row.original_path),
    outputPath: textOf(row.output_path),
    durationMinutes: numberOf(row.duration_minutes) ?? 0,
    model: textOf(row.model) ?? 'medium',
    processes: countOf(row.processes) ?? 2,
    workers: countOf(row.workers) ?? 8,
    status: String(row.status ?? 'pending').toLowerCase(),
    progress: Math.min(100, Math.max(0, numberOf(row.progress) ?? 0)),
    progressStage: textOf(row.progress_stage),
    elapsedSeconds: numberOf(row.elapsed_seconds) ?? 0,
    speed: numberOf(row.speed) ?? 0,
    transcript: textOf(row.transcript),
    errorMessage: textOf(row.error_message),
    estimatedDuration: numberOf(row.estimated_duration),
    retryCount: countOf(row.retry_count) ?? 0,
    taskId: textOf(row.task_id),
    createdAt: timeOf(row.created_at),
    updatedAt: timeOf(row.updated_at),
    startedAt: timeOf(row.started_at),
    completedAt: timeOf(row.completed_at),
    processId: countOf(row.process_id ?? row.pid),
    logFilePath: textOf(row.log_file_path ?? row.log_file),
    lastHeartbeat: timeOf(row.last_heartbeat ?? row.heartbeat),
    userId: textOf(row.user_id),
    spaceId: textOf(row.space_id),
    key: `ttservice:${row.id}:${row.created_at ?? ''}:${row.filename}`,
  };
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:([ T])(\d\d):(\d\d):(\d\d)(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;

/**
 * A time in any of the forms in which a Python program leaves it in SQLite: a number of seconds; SQLite's own
 * CURRENT_TIMESTAMP, which is in UTC and has whole seconds; a `datetime`, which has a fraction or a T and is in the time of
 * the machine unless it names its zone.
 */
export function timeOf(value: unknown): number | null {
  if (typeof value === 'number') return Math.round(value < MOST_SECONDS ? value * 1000 : value);
  const [, year, month, day, between = ' ', hour = '0', minute = '0', second = '0', fraction, zone] =
    TIME.exec(typeof value === 'string' ? value.trim() : '') ?? [];
  if (year === undefined) return null;
  const parts = [Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)] as const;
  const ms = Math.round(Number(fraction ?? 0) * 1000);
  if (zone !== undefined) return Date.UTC(...parts, ms) - offsetMs(zone);
  const isOurs = between === ' ' && fraction === undefined;
  return isOurs ? Date.UTC(...parts, ms) : new Date(...parts, ms).getTime();
}

function offsetMs(zone: string): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)/.exec(zone) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined || value === '' ? null : String(value);
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function countOf(value: unknown): number | null {
  const number = numberOf(value);
  return number === null ? null : Math.trunc(number);
}
