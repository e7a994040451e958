import {
  CompiledQuery,
  type DatabaseConnection,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
} from 'kysely';

/**
 * Kysely's PostgreSQL dialect with one repair: when a transaction fails because its connection is gone, the rollback
 * fails as well, and must not hide what went wrong first.
 */
export class RepairedPostgresDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): PostgresDriver {
    return new RepairedDriver(this.#config);
  }
}

class RepairedDriver extends PostgresDriver {
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback'));
    } catch {
      // The error that led here is told. The pool closes the connection, and the server rolls back what was open on it.
    }
  }
}
