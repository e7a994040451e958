/**
 * One Longhand at a time works with a database.
 *
 * For a file the lock of the data folder sees to that. A database on a server can be reached from several data folders and
 * machines, so the owner also holds an advisory lock on it, on a connection of its own, for as long as it lives. The server
 * frees the lock when that connection ends, so nothing has to be cleaned up after a kill -9; of a machine that vanished it
 * learns by its keepalives, after half a minute.
 *
 * An owner whose connection breaks holds nothing any more. It asks every few seconds whether the connection still is one, so
 * that it knows before the server gives the lock to somebody else, and tries to get it back. When somebody else has it, or the
 * server stays away, the owner has to stop. What it still writes until then is refused by the leases: whoever has the lock has
 * taken its jobs back.
 */
import { hostname } from 'node:os';
import type { Client } from 'pg';
import type { Clock } from '../domain/clock.ts';
import { LonghandError } from '../domain/errors.ts';
import { addressOf, type PostgresAddress } from './postgres-address.ts';
import { explainedPostgres } from './postgres-errors.ts';
import { APPLICATION_NAME } from './postgres-pool.ts';

/** 'long' and 'hand' in ASCII: the lock's name, told from the advisory locks of others. */
const KEY = [0x6c6f6e67, 0x68616e64] as const;
/** Another command may hold it for a moment; one that was killed, until the server has noticed. */
const WAIT_MS = 2_000;
const ASK_INTERVAL_MS = 5_000;
const ANSWER_MS = 10_000;
const REGAIN_MS = 15_000;
/** Our own last connection is ended first, so whoever has the lock then is somebody else. */
const REGAIN_WAIT_MS = 500;
const REGAIN_PAUSE_MS = 500;
/** The server gives a silent connection up after 10 + 4 × 5 seconds, which is later than we do. */
const KEEPALIVES = { tcp_keepalives_idle: '10', tcp_keepalives_interval: '5', tcp_keepalives_count: '4' };
const UNACKNOWLEDGED_MS = 30_000;
/** Longer names are cut off by the server. */
const NAME_BYTES = 63;
const LOCK_NOT_AVAILABLE = '55P03';

export interface DatabaseLockEvents {
  /** The connection was lost, or is there again. */
  onProblem(sentence: string): void;
  /** The lock is gone for good: whoever held it must not go on. Called once. */
  onLost(error: unknown): void;
}

/** Held by the one process that works with a database on a server. */
export interface DatabaseLock {
  /** Says who is told when the lock is lost, also when that was before. */
  watch(events: DatabaseLockEvents): void;
  /** Idempotent. */
  release(): Promise<void>;
}

export interface LockOptions {
  url: string;
  clock: Clock;
  /** How long whoever has it may take to let go. */
  waitMs?: number;
}

/** Somebody else works with the database. */
export class DatabaseInUseError extends LonghandError {
  constructor({ name }: PostgresAddress, who: string | undefined) {
    super({
      kind: 'unknown',
      message: `Another Longhand works with the database ${name}${who ? ` (${who})` : ''}.`,
      remedy: 'Let it finish, or end it there; or give this one a database of its own with LONGHAND_DATABASE_URL.',
    });
  }
}

/**
 * Takes the lock on a database.
 * @throws DatabaseInUseError naming who has it; UsageError or NetworkError when the database cannot be reached
 */
export async function lockDatabase({ url, clock, waitMs = WAIT_MS }: LockOptions): Promise<DatabaseLock> {
  const lock = new HeldLock(url, clock, waitMs);
  await lock.take();
  return lock;
}

/** A connection that has the lock. */
interface Connection {
  client: Client;
  /** Which of the server's processes it is. */
  backend: { pid: number; since: string };
}

class HeldLock implements DatabaseLock {
  readonly #url: string;
  readonly #address: PostgresAddress;
  readonly #clock: Clock;
  readonly #waitMs: number;
  #connection: Connection | undefined;
  #asking: NodeJS.Timeout | undefined;
  #events: DatabaseLockEvents | undefined;
  /** Set once it is gone for good. */
  #lost: { error: unknown } | undefined;
  #regaining: Promise<void> | undefined;
  #released = false;

  constructor(url: string, clock: Clock, waitMs: number) {
    this.#url = url;
    this.#address = addressOf(url);
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  watch(events: DatabaseLockEvents): void {
    this.#events = events;
    if (this.#lost) events.onLost(this.#lost.error);
  }

  async take(): Promise<void> {
    const before = this.#connection?.backend;
    const connection = await connectLocked(this.#url, this.#address, {
      before,
      waitMs: before ? Math.min(this.#waitMs, REGAIN_WAIT_MS) : this.#waitMs,
    });
    const { client } = connection;
    this.#connection = connection;
    client.on('error', (error) => this.#broke(client, error));
    client.on('end', () => this.#broke(client, new Error('Connection terminated')));
    this.#asking = setInterval(() => {
      client.query('select 1').catch((error) => this.#broke(client, error));
    }, ASK_INTERVAL_MS).unref();
  }

  async release(): Promise<void> {
    this.#released = true;
    clearInterval(this.#asking);
    await this.#regaining;
    // A connection that broke has released it.
    await this.#connection?.client.end().catch(() => undefined);
  }

  #broke(client: Client, error: Error): void {
    if (this.#released || this.#regaining || this.#connection?.client !== client) return;
    clearInterval(this.#asking);
    this.#regaining = this.#regain(client, error).finally(() => {
      this.#regaining = undefined;
    });
  }

  async #regain(broken: Client, error: Error): Promise<void> {
    const { name } = this.#address;
    this.#events?.onProblem(`The connection that holds the database ${name} was lost (${error.message}).`);
    void broken.end().catch(() => undefined);
    const deadline = this.#clock.monotonicMs() + REGAIN_MS;
    while (!this.#released) {
      try {
        await this.take();
        this.#events?.onProblem(`The database ${name} is held again.`);
        return;
      } catch (thrown) {
        if (thrown instanceof DatabaseInUseError || this.#clock.monotonicMs() > deadline) {
          this.#lost = { error: thrown };
          this.#events?.onLost(thrown);
          return;
        }
        await this.#clock.sleep(REGAIN_PAUSE_MS);
      }
    }
  }
}

interface Taking {
  /** Our last connection, of which the server may not have noticed yet that it is gone. */
  before: Connection['backend'] | undefined;
  waitMs: number;
}

async function connectLocked(url: string, address: PostgresAddress, taking: Taking): Promise<Connection> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    application_name: ownName(),
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
  });
  // Told by the call that it breaks, as long as there is one.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return { client, backend: await takeLock(client, address, taking) };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw explainedPostgres(error, address);
  }
}

async function takeLock(
  client: Client,
  address: PostgresAddress,
  { before, waitMs }: Taking,
): Promise<Connection['backend']> {
  const settings = { ...KEEPALIVES, tcp_user_timeout: String(UNACKNOWLEDGED_MS), lock_timeout: String(waitMs) };
  for (const setting of Object.entries(settings)) await client.query('select set_config($1, $2, false)', setting);
  if (before) {
    const ours = 'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start::text = $2';
    await client.query(ours, [before.pid, before.since]);
  }
  try {
    await client.query('select pg_advisory_lock($1, $2)', [...KEY]);
  } catch (error) {
    if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
    throw new DatabaseInUseError(address, await holder(client));
  }
  const { rows } = await client.query<Connection['backend']>(
    'select pid, backend_start::text as since from pg_stat_activity where pid = pg_backend_pid()',
  );
  return rows[0] as Connection['backend'];
}

/** Who has the lock, in the words of its connection, and since when. */
async function holder(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string; since: string }>(
    `select application_name as name,
       to_char(backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') as since
     from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and granted and classid = $1 and objid = $2 and objsubid = 2
       and database = (select oid from pg_database where datname = current_database())`,
    [...KEY],
  );
  const [found] = rows;
  return found && `${found.name.replace(/^longhand: /, '')}, since ${found.since}`;
}

/** What the server shows of this connection (`pg_stat_activity`). */
function ownName(): string {
  return `${APPLICATION_NAME}: process ${process.pid} on ${hostname()}`.slice(0, NAME_BYTES);
}
