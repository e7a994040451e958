/**
 * To whom a request was sent, by its `Host`.
 *
 * A page of another site can make its own name lead to this machine, and then is of the same origin as what answers here
 * (DNS rebinding). So the name must be one of ours: this machine's own, the very address that was connected to, or one from
 * LONGHAND_ALLOWED_HOSTS.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopbackAddress, withoutZone } from './loopback.ts';

export interface Host {
  /** Lower case, without brackets and without a dot at its end. */
  name: string;
  /** Undefined when none was said. */
  port: number | undefined;
}

const HOST = /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]\\]+))(?::(\d{1,5}))?$/i;

/** @returns undefined for what is no host */
export function parseHost(text: string): Host | undefined {
  const [, six, name, port] = HOST.exec(text) ?? [];
  const found = six ?? name;
  if (found === undefined) return undefined;
  return { name: found.toLowerCase().replace(/\.$/, ''), port: port === undefined ? undefined : Number(port) };
}

/** The hosts from the settings: `name` at any port, or `name:port`. */
export function parseAllowed(hosts: readonly string[]): Host[] {
  return hosts.flatMap((text) => parseHost(text.trim()) ?? []);
}

export function isAmong(host: Host, allowed: readonly Host[]): boolean {
  return allowed.some(({ name, port }) => name === host.name && (port === undefined || port === host.port));
}

/** Whether a host means this machine to itself. */
export function isLocalName({ name }: Host): boolean {
  return name === 'localhost' || isLoopbackAddress(name);
}

/** Whether a request was sent to us. Where nothing listens, as in a trial without a socket, any port is ours. */
export function isOurs(host: Host, { socket }: IncomingMessage, allowed: readonly Host[]): boolean {
  if (isAmong(host, allowed)) return true;
  const { localPort, localAddress } = socket;
  if (localPort !== undefined && (host.port ?? 80) !== localPort) return false;
  return isLocalName(host) || (isIP(host.name) > 0 && host.name === withoutZone(localAddress ?? ''));
}
