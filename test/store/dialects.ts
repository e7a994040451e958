import { join } from 'node:path';
import { describe } from 'vitest';
import { NO_POSTGRES, type PostgresServer, postgresInTests } from '../support/postgres.ts';
import { temporaryFolder } from './support.ts';

/** Where a database is that nobody has made yet, as `openStore` takes it. */
export interface Place {
  file: string;
  url?: string;
}

export interface TestedDialect {
  name: 'SQLite' | 'PostgreSQL';
  /** An empty place, which is gone when the test is over. */
  newPlace(): Promise<Place>;
}

/** Defines the same tests for each database on which the store works. */
export function onEachDialect(define: (dialect: TestedDialect) => void): void {
  describe('on SQLite', () => define({ name: 'SQLite', newPlace: async () => ({ file: newFile() }) }));
  onPostgres((server) =>
    define({
      name: 'PostgreSQL',
      newPlace: async () => ({ file: newFile(), url: await server.emptyDatabase() }),
    }),
  );
}

/** Defines tests that need a server; skipped, and told why, where PostgreSQL is not installed. */
export function onPostgres(define: (server: PostgresServer) => void): void {
  describe.skipIf(NO_POSTGRES)(NO_POSTGRES ?? 'on PostgreSQL', () => define(postgresInTests()));
}

function newFile(): string {
  return join(temporaryFolder(), 'longhand.db');
}
