/** PostgreSQL for tests: databases on a server that all test files share, or a server of a test's own. */
import pg from 'pg';
import { beforeAll, onTestFinished } from 'vitest';
import { POSTGRES_BIN, startServer, USER } from './postgres-process.ts';
import { sharedPort } from './shared-postgres.ts';

export { POSTGRES_BIN } from './postgres-process.ts';

/** Why tests on PostgreSQL are skipped here; undefined where they are not. */
export const NO_POSTGRES = POSTGRES_BIN
  ? undefined
  : 'PostgreSQL is not installed here; node scripts/setup.js --for-tests does it';

export interface PostgresServer {
  port: number;
  /** The address of a database on this server. */
  url(database: string, user?: string): string;
  /** Makes a database that is gone when the test is over. @returns its address */
  createDatabase(options?: { template?: string; encoding?: string }): Promise<string>;
  /** An empty database, emptied for the next test when this one is over: a tenth of the time. @returns its address */
  emptyDatabase(): Promise<string>;
  /** Asks the server as its administrator. */
  query(text: string, database?: string): Promise<Record<string, unknown>[]>;
}

/** A server that a test has for itself. */
export interface OwnServer extends PostgresServer {
  /** kill -9, as far as clients see: no goodbye. */
  stop(): Promise<void>;
}

/** The server that all test files share, from the first test of a file or group on. Other files use it meanwhile. */
export function postgresInTests(): PostgresServer {
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    server = serverAt(await sharedPort());
  });
  const started = () => {
    if (!server) throw new Error('The server is there from the first test on.');
    return server;
  };
  return {
    get port() {
      return started().port;
    },
    url: (...args) => started().url(...args),
    createDatabase: (...args) => started().createDatabase(...args),
    emptyDatabase: () => started().emptyDatabase(),
    query: (...args) => started().query(...args),
  };
}

/** Starts a server that can be stopped in a test; whoever starts it stops it. */
export async function startPostgres(): Promise<OwnServer> {
  const { port, isRunning, stop } = await startServer();
  return { ...serverAt(port, isRunning), stop };
}

let made = 0;

function serverAt(port: number, isRunning = () => true): PostgresServer {
  const emptied: string[] = [];
  const url = (database: string, user = USER) => `postgres://${user}@127.0.0.1:${port}/${database}`;
  const query = async (text: string, database = 'postgres') => {
    const client = new pg.Client({ connectionString: url(database) });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  const create = async (template: string, encoding: string) => {
    made += 1;
    const name = `test_${process.pid}_${made}`;
    await query(`create database ${name} template ${template} encoding '${encoding}'`);
    return name;
  };
  return {
    port,
    url,
    query,
    async createDatabase({ template = 'template0', encoding = 'UTF8' } = {}) {
      const name = await create(template, encoding);
      onTestFinished(async () => {
        if (isRunning()) await query(`drop database ${name} with (force)`);
      });
      return url(name);
    },
    async emptyDatabase() {
      const name = emptied.pop() ?? (await create('template0', 'UTF8'));
      onTestFinished(async () => {
        if (!isRunning()) return;
        await query(EMPTY, name);
        emptied.push(name);
      });
      return url(name);
    },
  };
}

/** As `create database` leaves it: nobody connected, and one schema with nothing in it. */
const EMPTY = `
  select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid();
  do $$ declare name text; begin
    for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
      execute format('drop schema %I cascade', name);
    end loop;
    execute format('alter database %I reset all', current_database());
  end $$;
  create schema public authorization pg_database_owner;
  grant usage on schema public to public;
`;
