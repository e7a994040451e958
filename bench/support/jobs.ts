import Database from 'better-sqlite3';

const STATUSES = ['pending', 'failed', 'cancelled', 'paused', ...Array<string>(6).fill('completed')];
const APART_MS = 300;
const TEXT = 'ask not what your country can do for you '.repeat(3);

/** Ten years of use in a database that nobody has open: most jobs done, some failed, one in ten waiting, each that ran with its run. */
export function fillWithJobs(file: string, count: number): void {
  const database = new Database(file);
  database.pragma('synchronous = OFF');
  const job = database.prepare(
    `insert into transcription_jobs (filename, original_path, duration_minutes, status, progress, transcript, engine,
       language, created_at, updated_at, started_at, completed_at, process_id, log_file_path, last_heartbeat)
     values (?, ?, ?, ?, ?, ?, 'whisper', 'en', ?, ?, ?, ?, ?, ?, ?)`,
  );
  const queue = database.prepare(
    'insert into transcription_queue (job_id, priority, created_at, place) values (?, ?, ?, ?)',
  );
  const run = database.prepare(
    `insert into runs (job_id, number, lease_token, token, engine, started_at, ended_at, outcome)
     values (?, 1, ?, 'token', 'whisper', ?, ?, ?)`,
  );
  const start = Date.now() - count * APART_MS;
  database.transaction(() => {
    for (let n = 0; n < count; n++) {
      const status = STATUSES[(n * 7) % STATUSES.length] as string;
      const at = start + n * APART_MS;
      const ran = status === 'completed' || status === 'failed';
      const ended = ran ? at + 200 : null;
      const done = status === 'completed';
      const path = `/recordings/${n % 5000}/interview-${n}.flac`;
      const log = ran ? `logs/transcribe_job_${n}.log` : null;
      const { lastInsertRowid: id } = job.run(
        ...[`interview-${n}.flac`, path, n % 120, status, done ? 100 : 0, done ? TEXT : null],
        ...[at, at, ran ? at : null, ended, ran ? 1000 + (n % 30_000) : null, log, ended],
      );
      if (status === 'pending') queue.run(id, n % 5, at, at);
      if (ran) run.run(id, `lease-${n}`, at, ended, done ? 'completed' : 'failed');
    }
  })();
  database.close();
}
