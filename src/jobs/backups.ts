/** The backups of the owner's database, for whoever looks at them or wants one now. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { backupStore } from '../store/backup.ts';
import { backupTime, listBackups } from '../store/backups-dir.ts';
import type { Store } from '../store/store.ts';

/** Where a database file says the size of its pages and how many it has (https://www.sqlite.org/fileformat.html, 1.3). */
const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const PAGE_SIZE_AT = 16;
const PAGE_COUNT_AT = 28;

export interface BackupView {
  /** Its file, in the folder `backups` of the data folder. */
  name: string;
  /** ISO 8601. */
  madeAt: string;
  bytes: number;
  /**
   * It was read from end to end when it was made (it has its name only since then), and is as long as it says it is: nothing
   * was cut off since. `longhand db check` and the health check read the newest one again.
   */
  verified: boolean;
}

/** A backup that was just made and read from end to end. */
export interface MadeBackup {
  path: string;
  bytes: number;
  /** How many there are now. */
  kept: number;
}

/** All of them, the newest first. */
export function backupsOf({ file }: Store): BackupView[] {
  return listBackups(file).flatMap((path) => viewOf(path) ?? []);
}

const making = new WeakMap<Store, Promise<MadeBackup>>();

/**
 * Makes a backup and verifies it. Whoever asks while one is made gets that one.
 * @throws DiskError when the database is damaged or the disk is full
 */
export function makeBackup(store: Store): Promise<MadeBackup> {
  const known = making.get(store);
  if (known) return known;
  const made = make(store).finally(() => making.delete(store));
  making.set(store, made);
  return made;
}

/** As people and programs see it. */
export function viewOfMade({ path, bytes }: MadeBackup): BackupView {
  return { name: basename(path), madeAt: new Date(backupTime(path)).toISOString(), bytes, verified: true };
}

async function make(store: Store): Promise<MadeBackup> {
  const path = await backupStore(store);
  return { path, bytes: statSync(path).size, kept: listBackups(store.file).length };
}

/** Undefined when it was deleted meanwhile. */
function viewOf(path: string): BackupView | undefined {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return undefined;
  return { ...viewOfMade({ path, bytes, kept: 0 }), verified: isWhole(path, bytes) };
}

function isWhole(path: string, bytes: number): boolean {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return false;
  } finally {
    closeSync(file);
  }
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) return false;
  // 1 stands for 65,536, which has no place in two bytes.
  const written = header.readUInt16BE(PAGE_SIZE_AT);
  return (written === 1 ? 65_536 : written) * header.readUInt32BE(PAGE_COUNT_AT) === bytes;
}
