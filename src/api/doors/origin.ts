/**
 * From where a page asks, as its browser says.
 *
 * A browser sends along what it has for us (cookies, and that it is on this machine) whichever page asks for it. So what
 * changes something is done for pages of ours alone (https://fetch.spec.whatwg.org/#origin-header,
 * https://www.w3.org/TR/fetch-metadata/). Programs that are no browsers send neither header, and pass.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Host, isAmong, parseHost } from './hosts.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** Whether a request can change something, or opens a way on which it could. */
export function changesSomething(method: string, { upgrade }: IncomingHttpHeaders): boolean {
  return !SAFE_METHODS.includes(method) || upgrade !== undefined;
}

/** Whether a page of another site asks. @param host to whom, which was found to be us */
export function isForeign(headers: IncomingHttpHeaders, host: Host, allowed: readonly Host[]): boolean {
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site') return true;
  const { origin } = headers;
  if (origin === undefined) return site === 'same-site';
  // A form of a page of ours, whose origin the referrer policy hides.
  if (origin === 'null') return site !== 'same-origin';
  const from = hostOfOrigin(origin);
  return !from || !(isSame(from, host) || isAmong(from, allowed));
}

function hostOfOrigin(origin: string): (Host & { standardPort: number }) | undefined {
  const [, scheme, rest = ''] = /^(https?):\/\/(.+)$/i.exec(origin) ?? [];
  const host = parseHost(rest);
  if (!scheme || !host) return undefined;
  return { ...host, standardPort: scheme.toLowerCase() === 'https' ? 443 : 80 };
}

/** A port that goes without saying may be said or not. Behind a proxy the scheme is not the one that we see. */
function isSame(from: Host & { standardPort: number }, host: Host): boolean {
  return from.name === host.name && (from.port ?? from.standardPort) === (host.port ?? from.standardPort);
}
