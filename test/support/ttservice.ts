/** Databases as TTService makes them, in folders like its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** The table of its first versions. */
const FIRST = `
  CREATE TABLE transcription_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    filename TEXT NOT NULL,
    original_path TEXT,
    output_path TEXT,
    duration_minutes REAL DEFAULT 0,
    model TEXT DEFAULT 'medium',
    processes INTEGER DEFAULT 2,
    workers INTEGER DEFAULT 8,
    status TEXT DEFAULT 'pending',
    progress REAL DEFAULT 0,
    progress_stage TEXT DEFAULT 'pending',
    elapsed_seconds REAL DEFAULT 0,
    speed REAL DEFAULT 0,
    transcript TEXT,
    error_message TEXT,
    estimated_duration REAL,
    retry_count INTEGER DEFAULT 0,
    task_id TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    user_id TEXT,
    space_id TEXT
  );
  CREATE TABLE transcription_queue (id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER, priority INTEGER DEFAULT 0,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, started_at TIMESTAMP);
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
  CREATE INDEX idx_jobs_status ON transcription_jobs(status);
  CREATE INDEX idx_jobs_created ON transcription_jobs(created_at DESC);`;

/** What its later versions add to a table that is there. */
const TRACKING: Record<TtserviceSchema, string> = {
  first: '',
  tracking: `
    ALTER TABLE transcription_jobs ADD COLUMN process_id INTEGER;
    ALTER TABLE transcription_jobs ADD COLUMN log_file_path TEXT;
    ALTER TABLE transcription_jobs ADD COLUMN last_heartbeat TIMESTAMP;
    CREATE INDEX idx_jobs_process_id ON transcription_jobs(process_id);`,
  'tracking, other names': `
    ALTER TABLE transcription_jobs ADD COLUMN pid INTEGER;
    ALTER TABLE transcription_jobs ADD COLUMN log_file TEXT;
    ALTER TABLE transcription_jobs ADD COLUMN heartbeat TIMESTAMP;`,
};

export type TtserviceSchema = 'first' | 'tracking' | 'tracking, other names';

/** An open database of TTService's, at `data/transcriptor.db` in a folder. */
export class Ttservice {
  readonly folder: string;
  readonly path: string;
  readonly #database: Database.Database;

  constructor(folder: string, schema: TtserviceSchema = 'tracking') {
    this.folder = folder;
    mkdirSync(join(folder, 'data'), { recursive: true });
    this.path = join(folder, 'data', 'transcriptor.db');
    this.#database = new Database(this.path);
    this.#database.exec(FIRST + TRACKING[schema]);
  }

  /** Adds a row; what is not given is what TTService's own schema says. @returns its number */
  add(row: Record<string, string | number | null>): number {
    const names = Object.keys(row);
    const places = names.map(() => '?').join(', ');
    const insert = this.#database.prepare(`INSERT INTO transcription_jobs (${names.join(', ')}) VALUES (${places})`);
    return Number(insert.run(...Object.values(row)).lastInsertRowid);
  }

  set(id: number, row: Record<string, string | number | null>): void {
    const sets = Object.keys(row).map((name) => `${name} = ?`);
    this.#database
      .prepare(`UPDATE transcription_jobs SET ${sets.join(', ')} WHERE id = ?`)
      .run(...Object.values(row), id);
  }

  close(): void {
    this.#database.close();
  }
}

/** A moment as TTService writes it: SQLite's CURRENT_TIMESTAMP. */
export function asTimestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
