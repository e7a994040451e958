import { readFileSync } from 'node:fs';

/** The connections of this machine, as Linux lists them (Documentation/networking/proc_net_tcp.rst). */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Both ends of a TCP connection, as a `net.Socket` names them. */
export interface TcpEnds {
  readonly localPort?: number | undefined;
  readonly remotePort?: number | undefined;
}

/**
 * What was given to the system for each peer and has not reached it: what the other side has not confirmed.
 * @returns a function that tells the bytes of a connection; it tells 0 where the system does not say (other than Linux)
 */
export function unacknowledgedBytes(): (ends: TcpEnds) => number {
  const waiting = new Map<string, number>();
  for (const table of TABLES) for (const row of tableText(table).split('\n')) note(row, waiting);
  return ({ localPort, remotePort }) => waiting.get(`${localPort} ${remotePort}`) ?? 0;
}

function tableText(table: string): string {
  if (process.platform !== 'linux') return '';
  try {
    return readFileSync(table, 'latin1');
  } catch (error) {
    // A system without IPv6 has no table for it, and a sandbox may have none at all.
    if (['ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

/** `sl local_address rem_address st tx_queue:rx_queue …`, numbers in hexadecimal. */
const ROW = /^\s*\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/;

function note(row: string, waiting: Map<string, number>): void {
  const [, local, remote, queue] = ROW.exec(row) ?? [];
  if (local === undefined || remote === undefined || queue === undefined) return;
  const ends = `${Number.parseInt(local, 16)} ${Number.parseInt(remote, 16)}`;
  // Peers on two machines may have the same port: the lower figure is too high for neither.
  waiting.set(ends, Math.min(waiting.get(ends) ?? Number.POSITIVE_INFINITY, Number.parseInt(queue, 16)));
}
