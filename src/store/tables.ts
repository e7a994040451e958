import type { Database } from './schema.ts';

/**
 * All tables with their primary keys, each behind those to which its rows belong: in this order rows can be copied.
 * A migration that brings a table adds it here. `rowsAtOnce`: how many are held in memory, where a row may have megabytes.
 */
export const TABLES: readonly { name: keyof Database; key: readonly string[]; rowsAtOnce?: number }[] = [
  { name: 'transcription_jobs', key: ['id'] },
  { name: 'transcription_queue', key: ['id'] },
  { name: 'runs', key: ['id'] },
  { name: 'usage_samples', key: ['run_id', 'at'] },
  { name: 'stages', key: ['job_id', 'name'] },
  { name: 'chunks', key: ['job_id', 'number'] },
  { name: 'artifacts', key: ['id'] },
  { name: 'transcript_versions', key: ['job_id', 'number'], rowsAtOnce: 5 },
  { name: 'events', key: ['id'] },
  { name: 'queue_state', key: ['name'] },
  { name: 'watched_files', key: ['path'] },
  { name: 'users', key: ['id'] },
  { name: 'api_keys', key: ['name'] },
  { name: 'sessions', key: ['sha256'] },
  { name: 'notification_targets', key: ['id'] },
  { name: 'notification_deliveries', key: ['id'] },
];

/** Whether a table's rows are numbered by the database. */
export function isNumbered({ key }: { key: readonly string[] }): boolean {
  return key.length === 1 && key[0] === 'id';
}
