import { type ErrorReport, reportOf } from '../domain/errors.ts';
import { type BackupFailure, backupFailure } from '../store/backup-failure.ts';
import { backupTime, listBackups } from '../store/backups-dir.ts';
import { DamagedDatabase, damaged, findGoodBackup, lookForProblem } from '../store/damage.ts';
import { type DatabaseFacts, databaseFacts } from '../store/examine.ts';
import type { Store } from '../store/store.ts';
import { closing, type DatabasePlace, databaseFile, lookAt, nameOf } from './database.ts';

export type { DatabaseFacts } from '../store/examine.ts';

/** How a database is, found out quickly and without changing it. */
export interface DatabaseState {
  /** The file, or the server's address without its password. */
  database: string;
  /** `none`: there is none yet; `unusable`: it is damaged, not ours, or its server does not let us in. */
  state: 'good' | 'none' | 'unusable';
  /** What is known of a good one. */
  found?: DatabaseFacts;
  /** Why one is unusable, and what to do. */
  error?: ErrorReport;
  /** Newest first, unverified. */
  backups: number;
  /** The newest backup that can be read from end to end. */
  newestBackup?: { path: string; at: string };
  /** Why the last daily backup failed, if it did. */
  failedBackup?: BackupFailure;
}

/** Looks a database over: a file is read through once, a server is asked. */
export async function databaseState(place: DatabasePlace): Promise<DatabaseState> {
  return { database: nameOf(place), ...(await look(place)), ...(await backupState(databaseFile(place.dataDir))) };
}

async function look(place: DatabasePlace): Promise<Pick<DatabaseState, 'state' | 'found' | 'error'>> {
  try {
    const store = await lookAt(place);
    if (!store) return { state: 'none' };
    return await closing(store, async () => ({ state: 'good', found: await factsOf(store) }));
  } catch (error) {
    return { state: 'unusable', error: reportOf(error) };
  }
}

async function factsOf(store: Store): Promise<DatabaseFacts> {
  if (store.dialect === 'sqlite') {
    const problem = await lookForProblem(store.file);
    if (problem !== undefined) throw damaged(store, new DamagedDatabase(problem));
  }
  return await databaseFacts(store);
}

async function backupState(file: string): Promise<Pick<DatabaseState, 'backups' | 'newestBackup' | 'failedBackup'>> {
  const path = await findGoodBackup(file);
  const failedBackup = backupFailure(file);
  return {
    backups: listBackups(file).length,
    ...(path ? { newestBackup: { path, at: new Date(backupTime(path)).toISOString() } } : {}),
    ...(failedBackup ? { failedBackup } : {}),
  };
}
