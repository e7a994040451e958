import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { ClientBase, Client as ClientClass, CustomTypesConfig, PoolClient } from 'pg';
import type { PostgresAddress } from './postgres-address.ts';
import { explainedPostgres } from './postgres-errors.ts';

/** An owner asks one thing at a time, and a few at most while pages are looked at. */
const MAX_CONNECTIONS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
/** A transaction here takes milliseconds. One of a process that stands still would hold its rows locked for all others. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** By it the connections of this program are told from others (`pg_stat_activity`). */
export const APPLICATION_NAME = 'longhand';

/** The oid of `bigint` (pg_type.dat). Times, sizes and ids stay far below 2^53; Longhand gives none above. */
const INT8_OID = 20;

/**
 * Connects to PostgreSQL with a few connections that are made when they are needed. Errors come as sentences.
 * @param schema where tables are looked for and made; by default what the server says
 */
export async function openPool(url: string, address: PostgresAddress, schema?: string): Promise<PostgresPool> {
  const { default: pg } = await import('pg');
  const types: CustomTypesConfig = {
    getTypeParser: (oid: number, format?: string) =>
      oid === INT8_OID && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text'),
  };
  const pool = new pg.Pool({
    connectionString: url,
    application_name: APPLICATION_NAME,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    types,
    Client: closingClient(pg.Client),
    onConnect: (client) => prepareSession(client, schema),
  });
  // A connection that breaks while nobody asks it is replaced at the next question, which says so if that fails.
  const heard = () => undefined;
  pool.on('error', heard);
  pool.on('connect', (client) => client.on('error', heard));
  return {
    async connect() {
      try {
        return explaining(await pool.connect(), address);
      } catch (error) {
        throw explainedPostgres(error, address);
      }
    },
    end: () => pool.end(),
  };
}

/**
 * A client that hangs up when it could not log in. The driver's own leaves the connection open when, say, no password is
 * at hand, and a process that has nothing else to do would wait a minute for the server to lose its patience.
 */
function closingClient(Client: typeof ClientClass): new () => ClientClass {
  type Connected = (error: Error | null, client?: ClientClass) => void;
  return class extends Client {
    override connect(): Promise<this>;
    override connect(connected: Connected): void;
    override connect(connected?: Connected): Promise<this> | undefined {
      if (!connected) return super.connect() as Promise<this>;
      super.connect((error: Error | null) => {
        if (error) void this.end();
        connected(error, this);
      });
      return undefined;
    }
  };
}

/**
 * What holds in each session, whatever the server's own settings are. A job is accepted when its row is on the disk, so
 * `synchronous_commit` is never off; stronger settings, which wait for other servers, are left as they are, and so is a
 * shorter patience with transactions that stand still.
 */
async function prepareSession(client: ClientBase, schema: string | undefined): Promise<void> {
  await client.query(
    `select set_config('default_transaction_isolation', 'read committed', false),
       set_config('idle_in_transaction_session_timeout', case
         when current_setting('idle_in_transaction_session_timeout')::interval between '1 ms' and '${IDLE_IN_TRANSACTION_MS} ms'
         then current_setting('idle_in_transaction_session_timeout') else '${IDLE_IN_TRANSACTION_MS}' end, false),
       set_config('synchronous_commit',
         case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end,
         false)`,
  );
  if (schema !== undefined) await client.query(`select set_config('search_path', quote_ident($1), false)`, [schema]);
}

function explaining(client: PoolClient, address: PostgresAddress): PostgresPoolClient {
  let broken = false;
  async function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    try {
      return (await client.query(text, parameters.map(storable))) as unknown as PostgresQueryResult<R>;
    } catch (error) {
      // A session that cannot roll back must not be used again.
      broken ||= text === 'rollback';
      throw explainedPostgres(error, address);
    }
  }
  return { query: query as PostgresPoolClient['query'], release: () => client.release(broken) };
}

/** PostgreSQL's text holds every character but U+0000, which programs do print when they crash. */
function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
