import type { ServiceFacts } from '../api/service.ts';
import { LonghandError } from '../domain/errors.ts';
import { isService, nameOf } from './find.ts';

/** Another process works with the data folder, so this one cannot. */
export class FolderTakenError extends LonghandError {
  constructor(dataDir: string, facts: ServiceFacts) {
    const { address } = facts;
    super(
      isService(facts) && address !== null
        ? {
            kind: 'unknown',
            message: `The service runs already (process ${facts.process.pid}) and answers at ${address}`,
            remedy: 'Use that one; or end it first: longhand stop',
          }
        : {
            kind: 'unknown',
            message: `${nameOf(facts)} works with the data folder ${dataDir}.`,
            remedy:
              'Wait until it has ended, or press Ctrl-C where it was started; or choose another folder (LONGHAND_DATA).',
          },
    );
  }
}

/** Somebody holds the data folder and says nothing. */
export class SilentOwnerError extends LonghandError {
  constructor(dataDir: string) {
    super({
      kind: 'unknown',
      message: `Another process holds the data folder ${dataDir} and does not answer.`,
      remedy:
        'It may be stopped (Ctrl-Z): continue it with fg in its terminal, or find it with: ps aux | grep longhand',
    });
  }
}

/** The address that it should listen on cannot be had. */
export class AddressError extends LonghandError {
  constructor({ host, port }: { host: string; port: number }, error: NodeJS.ErrnoException) {
    super({ kind: 'usage', ...reasonFor(host, port, error) });
  }
}

function reasonFor(host: string, port: number, { code, message }: NodeJS.ErrnoException) {
  const another = `Choose another port with --port or LONGHAND_PORT; --port 0 takes a free one.`;
  switch (code) {
    case 'EADDRINUSE':
      return { message: `Port ${port} of ${host} is in use by another program.`, remedy: another };
    case 'EACCES':
    case 'EPERM':
      return {
        message: `This account may not listen on port ${port}; ports below 1024 are for root.`,
        remedy: another,
      };
    case 'EADDRNOTAVAIL':
      return {
        message: `This machine has no address ${host}.`,
        remedy: 'Choose one of its own with --host or LONGHAND_HOST: 127.0.0.1 for this machine alone.',
      };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        message: `The name ${host} leads to no address.`,
        remedy: 'Choose an address with --host or LONGHAND_HOST: 127.0.0.1 for this machine alone.',
      };
    default:
      return { message: `Port ${port} of ${host} cannot be listened on (${code ?? message}).`, remedy: another };
  }
}

/** What the system says of an address that cannot be listened on, in words; other errors stay as they are. */
export function explainedAddress(error: unknown, wanted: { host: string; port: number }): unknown {
  const { syscall } = error as NodeJS.ErrnoException;
  const isAddress = error instanceof Error && ['listen', 'bind', 'getaddrinfo'].includes(syscall ?? '');
  return isAddress ? new AddressError(wanted, error) : error;
}
