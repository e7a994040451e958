import { DiskError, LonghandError, NetworkError, UsageError } from '../domain/errors.ts';
import type { PostgresAddress } from './postgres-address.ts';

type Explain = (address: PostgresAddress) => LonghandError;

const FREE_SPACE = 'Free some space on the disk of that server, then try again.';
const AGAIN = 'Try again in a moment.';
const IN_THE_SETTING = 'in LONGHAND_DATABASE_URL';

/** The transaction was rolled back because of another one; all of it may be done again. */
const LOST = ['40001', '40P01'];
/** The data on the server's disk are not what was written. */
const DAMAGED = ['XX001', 'XX002'];

const taken: Explain = ({ name }) =>
  new LonghandError({
    kind: 'unknown',
    message: `Somebody else changed the same rows of ${name} at the same moment, again and again.`,
    remedy: AGAIN,
  });
const damaged: Explain = ({ name }) =>
  new DiskError(`The database ${name} is damaged.`, 'Check the disk of that server; then restore the newest backup.');
const stopped: Explain = ({ name }) =>
  new NetworkError(`The server of the database ${name} was stopped.`, { remedy: 'Start it, then try again.' });
const refusedUser: Explain = ({ name, user }) =>
  new UsageError(
    `The server does not let "${user}" use the database ${name}.`,
    `Check the user and the password ${IN_THE_SETTING}.`,
  );
const unreachable: Explain = ({ name, server }) =>
  new NetworkError(`The server of the database ${name} cannot be reached.`, {
    remedy: `Is it running at ${server}, and is the address right ${IN_THE_SETTING}?`,
  });
const gone: Explain = ({ name }) =>
  new NetworkError(`The connection to the database ${name} was lost.`, {
    remedy: 'Try again when the server can be reached; what was not committed is undone.',
  });
const untrusted: Explain = ({ name }) =>
  new NetworkError(`The certificate that the server of the database ${name} shows is not trusted.`, {
    remedy: `Name the file of the authority's certificate ${IN_THE_SETTING}: ?sslmode=verify-full&sslrootcert=FILE`,
  });

/** By SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html) or by the code of a system call. */
const BY_CODE: Record<string, Explain> = {
  '28P01': refusedUser,
  '28000': refusedUser,
  '3D000': ({ server, database }) =>
    new UsageError(
      `There is no database "${database}" on the server ${server}.`,
      `Make it there: createdb --encoding=UTF8 --template=template0 ${database}`,
    ),
  '42501': ({ name, user }) =>
    new UsageError(
      `The user "${user}" may not do that in the database ${name}.`,
      `Let the database be its own: ALTER DATABASE … OWNER TO "${user}"`,
    ),
  '25006': ({ name }) =>
    new UsageError(
      `The database ${name} can only be read.`,
      `Give the address of the server that is written ${IN_THE_SETTING}.`,
    ),
  '53100': ({ name }) => new DiskError(`There is no space left for the database ${name}.`, FREE_SPACE),
  '53200': ({ name }) => new NetworkError(`The server of the database ${name} has no memory left.`, { remedy: AGAIN }),
  '53300': ({ name }) =>
    new NetworkError(`The server of the database ${name} takes no more connections.`, {
      remedy: 'End programs that use it, or raise its max_connections.',
    }),
  '57P01': stopped,
  '57P02': stopped,
  '57P03': ({ name }) =>
    new NetworkError(`The server of the database ${name} is starting or stopping.`, { remedy: AGAIN }),
  '25P03': gone,
  '58030': ({ name }) =>
    new DiskError(`The disk failed while the database ${name} was in use.`, 'Check the disk of that server.'),
  ...Object.fromEntries(LOST.map((code) => [code, taken])),
  ...Object.fromEntries(DAMAGED.map((code) => [code, damaged])),
  ...Object.fromEntries(
    ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT', 'EACCES'].map(
      (code) => [code, unreachable],
    ),
  ),
  ECONNRESET: gone,
  EPIPE: gone,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted,
};

/** What the driver itself says has no code. */
const BY_MESSAGE: [pattern: RegExp, explain: Explain][] = [
  [/connection timeout|timeout exceeded when trying to connect/i, unreachable],
  [/Connection terminated|not queryable|Client was closed/i, gone],
  [/client password must be/, refusedUser],
  [
    /does not support SSL/,
    ({ name }) =>
      new UsageError(`The server of the database ${name} does not encrypt.`, `Take sslmode away ${IN_THE_SETTING}.`),
  ],
];

/**
 * Turns an error of the server, of the connection or of the driver into a sentence with a remedy. Every other error, which
 * is a mistake of the program, comes back as it is.
 */
export function explainedPostgres(error: unknown, address: PostgresAddress): unknown {
  if (!(error instanceof Error)) return error;
  const explain = BY_CODE[codeOf(error)] ?? BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1];
  if (!explain) return error;
  const told = explain(address);
  told.cause = error;
  return told;
}

/** Whether the error says that the transaction lost against another one, and that doing it again may succeed. */
export function lostToAnother(error: unknown): boolean {
  return causes(error).some((cause) => LOST.includes(codeOf(cause)));
}

/** Whether the error says that the server's files are damaged. */
export function saysPostgresDamaged(error: unknown): boolean {
  return causes(error).some((cause) => DAMAGED.includes(codeOf(cause)));
}

function causes(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : [];
}

function codeOf(error: Error): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  // A file that the address names, such as a certificate, cannot be read: that says enough itself.
  if (syscall === 'open') return '';
  return typeof code === 'string' ? code : '';
}
