/**
 * Rows of a SQLite database that are asked for by their number many times a second.
 *
 * A look at a row costs SQLite some 20 µs, most of it for the locks of a transaction, and waiting for a turn at the connection as
 * much again. So a row that was read is kept while nothing has changed. That is known for certain: one process owns the database
 * and writes through this one connection, which counts every row that it changes. And nothing is read while a transaction is
 * open, because what that has written is nobody's to see yet.
 *
 * Whoever changes the file by hand beside the owner is seen after KEPT_MS.
 */
import type BetterSqlite3 from 'better-sqlite3';
import type { Clock } from '../domain/clock.ts';
import { cached } from './sqlite-statement-cache.ts';

const KEPT_MS = 100;
const MOST_KEPT = 1_000;

export class CommittedRows {
  readonly #database: BetterSqlite3.Database;
  readonly #clock: Clock;
  readonly #statements: ReturnType<typeof cached>;
  /** Made with the first question: to prepare it reads the file, which may be damaged, and then somebody must be told how. */
  #changes: BetterSqlite3.Statement | undefined;
  /** By the text of the query, then by the row's number; undefined for one that is not there. */
  readonly #rows = new Map<string, Map<number, unknown>>();
  #count = 0;
  #changesThen: unknown;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(database: BetterSqlite3.Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#statements = cached(database);
  }

  /**
   * Finds a row without waiting.
   * @param query text with the number as its only parameter, which finds one row or none
   * @returns undefined while a transaction is open: then the question has to wait for its turn
   */
  find<Row>(query: string, id: number): { row: Readonly<Row> | undefined } | undefined {
    if (this.#database.inTransaction) return undefined;
    this.#forgetWhatMayHaveChanged();
    let rows = this.#rows.get(query);
    if (!rows) {
      rows = new Map();
      this.#rows.set(query, rows);
    }
    if (!rows.has(id)) {
      const [row] = this.#statements.prepare(query).all([id]);
      rows.set(id, Object.freeze(row));
      this.#count += 1;
    }
    return { row: rows.get(id) as Readonly<Row> | undefined };
  }

  #forgetWhatMayHaveChanged(): void {
    this.#changes ??= this.#database.prepare('select total_changes()').pluck();
    const changes = this.#changes.get();
    const now = this.#clock.monotonicMs();
    const isOld = now - this.#readAt >= KEPT_MS;
    if (changes === this.#changesThen && !isOld && this.#count < MOST_KEPT) return;
    this.#rows.clear();
    this.#count = 0;
    this.#changesThen = changes;
    this.#readAt = now;
  }
}
