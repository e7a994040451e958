import { readFileSync, writeFileSync } from 'node:fs';
import type { PostgresServer } from '../support/postgres.ts';

const SQLITE_PAGE_BYTES = 4096;
/** The first byte of a leaf of a table (https://www.sqlite.org/fileformat.html#b_tree_pages). */
const TABLE_LEAF = 13;

/** Empties a page in the middle of a file's table of jobs, whose 20th is called `20-xxxx…`. */
export function damageMiddle(file: string): void {
  const bytes = readFileSync(file);
  const page = pageOf(bytes, '20-xxxx');
  bytes.fill(0, page, page + SQLITE_PAGE_BYTES);
  writeFileSync(file, bytes);
}

/** Where the page of a table begins that holds a text; an index may hold it too. */
function pageOf(bytes: Buffer, text: string): number {
  let page = -1;
  for (let at = bytes.indexOf(text); at !== -1 && page === -1; at = bytes.indexOf(text, at + 1)) {
    const begin = at - (at % SQLITE_PAGE_BYTES);
    if (bytes[begin] === TABLE_LEAF) page = begin;
  }
  if (page === -1) throw new Error(`No page of a table holds ${text}.`);
  return page;
}

/**
 * Makes a copy of a database to which nobody is connected, in which the table of jobs is damaged on the disk. A copy,
 * because the server would not look at the disk for what it has just read.
 * @returns the copy's address
 */
export async function damagedCopy(server: PostgresServer, database: string): Promise<string> {
  const copy = `${database}_damaged`;
  await server.query(`create database ${copy} template ${database} strategy file_copy`);
  const [row] = await server.query(
    `select current_setting('data_directory') || '/' || pg_relation_filepath('transcription_jobs') as path`,
    copy,
  );
  const path = row?.path as string;
  writeFileSync(path, readFileSync(path).fill(0xff, 0, 4096));
  return server.url(copy);
}
