import { UsageError } from '../domain/errors.ts';
import { percentDecoded } from '../domain/percent.ts';

const DEFAULT_PORT = 5432;

/** Where a PostgreSQL database is, in parts that may be shown: no password among them. */
export interface PostgresAddress {
  /** The whole address as sentences show it. */
  name: string;
  /** Host and port, or the folder of the socket. */
  server: string;
  user: string;
  database: string;
}

/**
 * Takes an address apart (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING); what it does not say
 * comes from the variables PGHOST, PGPORT, PGUSER and PGDATABASE, as for PostgreSQL's own programs.
 * @throws UsageError when it is none; the sentence does not repeat it, since a password may be in it
 */
export function addressOf(url: string, env: NodeJS.ProcessEnv = process.env): PostgresAddress {
  // A host may be missing though a user is there, which other addresses never have.
  const whole = url.replace('@/', '@localhost/');
  const parsed = URL.canParse(whole) ? new URL(whole) : undefined;
  if (parsed?.protocol !== 'postgres:' && parsed?.protocol !== 'postgresql:') {
    throw new UsageError(
      'LONGHAND_DATABASE_URL is not the address of a PostgreSQL database.',
      'It looks like this: postgres://user:password@host:5432/longhand',
    );
  }
  const asked = parsed.searchParams;
  const host = asked.get('host') || percentDecoded(parsed.hostname) || env.PGHOST || 'localhost';
  const port = asked.get('port') || parsed.port || env.PGPORT || DEFAULT_PORT;
  const user = percentDecoded(parsed.username) || asked.get('user') || env.PGUSER || env.USER || 'postgres';
  const database = percentDecoded(parsed.pathname.slice(1)) || env.PGDATABASE || user;
  const isSocket = host.startsWith('/');
  const server = isSocket ? host : `${host}:${port}`;
  return { name: `postgres://${user}@${isSocket ? 'localhost' : server}/${database}`, server, user, database };
}
