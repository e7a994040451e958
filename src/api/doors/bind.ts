import { lookup } from 'node:dns/promises';
import { UsageError } from '../../domain/errors.ts';
import { isLocked } from '../../jobs/credentials.ts';
import type { ApiContext } from '../context.ts';
import { isLoopbackAddress } from './loopback.ts';

/**
 * Lets the service listen for other machines only when whoever comes must say who it is.
 * @param host an address or a name, as it is listened on
 * @throws UsageError
 */
export async function requireLockedUnlessLocal(store: ApiContext['store'], host: string): Promise<void> {
  if ((await isLocked(store)) || (await isLoopbackHost(host))) return;
  throw new UsageError(
    `${host} can be reached from other machines, and there is no user with a password and no key: all would be open to everybody.`,
    'Make a user first: longhand users add NAME. Or a key: longhand keys add NAME',
  );
}

/** Whether all addresses that a name stands for are this machine's own. One that stands for none is not. */
async function isLoopbackHost(host: string): Promise<boolean> {
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address));
}
