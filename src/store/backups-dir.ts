import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const NAME = /^longhand-.+-(\d{8}T\d{9}Z)\.db$/;

/** Where a database's backups are: beside it. */
export function backupsDir(file: string): string {
  return join(dirname(file), 'backups');
}

/** What a backup of a schema made at a moment is called. */
export function backupName(version: string, atMs: number): string {
  return `longhand-${version}-${timeInName(atMs)}.db`;
}

/** `20260101T000000000Z`: sorts by time, and is a name on every file system. */
export function timeInName(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:.]/g, '');
}

/** A database's backups, newest first, unverified. */
export function listBackups(file: string): string[] {
  const folder = backupsDir(file);
  if (!existsSync(folder)) return [];
  const timeOf = (name: string) => NAME.exec(name)?.[1] ?? '';
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort((a, b) => timeOf(b).localeCompare(timeOf(a)) || b.localeCompare(a))
    .map((name) => join(folder, basename(name)));
}

/** When a backup was made, by its name. */
export function backupTime(path: string): number {
  const [, year, month, day, hour, minute, second, ms] =
    /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.db$/.exec(path)?.map(Number) ?? [];
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, ms);
}
