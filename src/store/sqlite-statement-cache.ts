import type BetterSqlite3 from 'better-sqlite3';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { explained } from './sqlite-errors.ts';

/** Different texts kept prepared; lists of ids make new ones, so the oldest go. */
const MAX_STATEMENTS = 200;
const REUSABLE = /^\s*(select|insert|update|delete|with|begin|commit|rollback)\b/i;

/** A database as Kysely takes it, which knows whether a transaction is open. */
export interface CachedDatabase extends SqliteDatabase {
  readonly inTransaction: boolean;
}

/**
 * Keeps prepared statements, because preparing costs more than most of the queries here, and tells errors about the
 * disk in words. A statement that changes the schema empties the cache.
 */
export function cached(database: BetterSqlite3.Database): CachedDatabase {
  const statements = new Map<string, SqliteStatement & { busy(): boolean }>();

  const prepare = (text: string) => {
    try {
      return explaining(database.prepare(text), database.name);
    } catch (error) {
      throw explained(error, database.name);
    }
  };

  return {
    get inTransaction() {
      return database.inTransaction;
    },
    close: () => {
      database.close();
    },
    prepare(text) {
      const known = statements.get(text);
      if (known) return known.busy() ? prepare(text) : known;
      if (!REUSABLE.test(text)) {
        statements.clear();
        return prepare(text);
      }
      const statement = prepare(text);
      if (statements.size >= MAX_STATEMENTS) statements.delete(statements.keys().next().value as string);
      statements.set(text, statement);
      return statement;
    },
  };
}

function explaining(statement: BetterSqlite3.Statement, file: string): SqliteStatement & { busy(): boolean } {
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explained(error, file);
    }
  };
  return {
    reader: statement.reader,
    busy: () => statement.busy,
    all: (parameters) => attempt(() => statement.all(parameters)),
    run: (parameters) => attempt(() => statement.run(parameters)),
    iterate: (parameters) => statement.iterate(parameters) as IterableIterator<unknown>,
  };
}
