import type BetterSqlite3 from 'better-sqlite3';
import { CompiledQuery, type DatabaseConnection, SqliteAdapter, SqliteDialect, SqliteDriver } from 'kysely';
import { type CachedDatabase, cached } from './sqlite-statement-cache.ts';

/**
 * Kysely's SQLite dialect with two repairs. Transactions begin IMMEDIATE: a deferred one that reads and then writes is
 * refused at once when another connection wrote in between, whatever the busy timeout says
 * (https://www.sqlite.org/isolation.html, SQLITE_BUSY_SNAPSHOT). And migrations run inside a transaction, which SQLite
 * can do though Kysely does not expect it.
 */
export class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: CachedDatabase;

  constructor(database: BetterSqlite3.Database) {
    const wrapped = cached(database);
    super({ database: wrapped });
    this.#database = wrapped;
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter();
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver(this.#database);
  }
}

class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #database: CachedDatabase;

  constructor(database: CachedDatabase) {
    super({ database });
    this.#database = database;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** SQLite itself rolls back after some errors, a full disk among them; a second rollback would hide the first error. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }
}
