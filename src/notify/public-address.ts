/**
 * Which addresses a webhook may go to.
 *
 * Whoever names an address makes this machine call it. Behind it may be what only this machine can reach: its own
 * services, those of its network, the keys that a cloud hands out at 169.254.169.254. So unless it is allowed, only public
 * addresses are called. What counts is the address that a name leads to at the moment of the call, and that very address
 * is then connected to: a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
 */
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** IANA's registries of special-purpose addresses (RFC 6890 and what came since), without those that are reachable globally. */
const SPECIAL = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  SPECIAL.addSubnet(net, bits, 'ipv4');
}
/** Of IPv6 only this part is handed out; all else is special. */
const GLOBAL_V6 = new BlockList();
GLOBAL_V6.addSubnet('2000::', 3, 'ipv6');
/** Parts of it that are special all the same, or hold an IPv4 address that may be. */
const SPECIAL_V6 = new BlockList();
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  SPECIAL_V6.addSubnet(net, bits, 'ipv6');
}

/** Whether an IP address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !SPECIAL.check(address, 'ipv4');
    case 6:
      // An interface's name behind `%` belongs to link-local addresses alone.
      return !address.includes('%') && GLOBAL_V6.check(address, 'ipv6') && !SPECIAL_V6.check(address, 'ipv6');
    default:
      return false;
  }
}

/** The host of a URL as an IP address, or undefined when it is a name. */
export function literalAddress({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? undefined : bare;
}

/** A name leads to an address that must not be called. */
export class PrivateAddressError extends Error {
  constructor(host: string, address: string) {
    super(
      host === address ? `${host} is no public address` : `${host} leads to ${address}, which is no public address`,
    );
  }
}

/** Resolves a name as Node does, and gives the addresses only when every one of them is public. */
export const lookupPublic: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '', 0);
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    if (refused) return done(new PrivateAddressError(host, refused.address), '', 0);
    const [first] = addresses;
    if (options.all) done(null, addresses);
    else done(null, first?.address ?? '', first?.family ?? 0);
  });
};
