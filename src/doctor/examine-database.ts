import type { Config } from '../config/schema.ts';
import { byteSize } from '../domain/bytes.ts';
import { systemClock } from '../domain/clock.ts';
import { type DatabaseFacts, type DatabaseState, databaseState } from '../jobs/database-state.ts';
import { counted } from './counted.ts';
import type { Examined } from './examine.ts';

/** What there is to say of the database: the state for programs, and the lines of the table. */
export async function examineDatabase(config: Config): Promise<{ state: DatabaseState; lines: Examined[] }> {
  const { dataDir, databaseUrl } = config;
  const state = await databaseState({ dataDir, databaseUrl, clock: systemClock });
  return { state, lines: [databaseLine(state), ...backupLine(state)] };
}

function databaseLine({ database, state, found, error }: DatabaseState): Examined {
  const name = 'database';
  if (error) {
    const { message, remedy } = error;
    return { name, state: 'missing', detail: message, ...(remedy ? { remedy } : {}) };
  }
  if (state === 'none' || !found) return { name, state: 'good', detail: 'none yet' };
  return { name, state: 'good', detail: `${database}: ${facts(found)}` };
}

function facts({ version, pending, jobs, bytes }: DatabaseFacts): string {
  if (version === null) return 'answers, and is empty yet';
  const next = pending.length > 0 ? `; the next start takes ${pending.join(', ')}` : '';
  return `${counted(jobs, 'job')}, ${byteSize(bytes)}, schema ${version}${next}`;
}

function backupLine({ state, backups, newestBackup, failedBackup }: DatabaseState): Examined[] {
  const name = 'backups';
  const newest = newestBackup ? `the newest good one is of ${newestBackup.at}` : 'no good one';
  if (failedBackup) {
    const { message, remedy } = failedBackup;
    const detail = `the last daily backup failed (${message}); ${newest}`;
    return [{ name, state: 'warning', detail, remedy: remedy ?? 'Run longhand db backup' }];
  }
  if (newestBackup) return [{ name, state: 'good', detail: `${counted(backups, 'backup')}, ${newest}` }];
  if (backups > 0) {
    return [{ name, state: 'warning', detail: 'none of them can be read', remedy: 'Make one: longhand db backup' }];
  }
  return state === 'good' ? [{ name, state: 'optional', detail: 'none yet; one is made every day' }] : [];
}
