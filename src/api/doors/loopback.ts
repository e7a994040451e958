import { BlockList, isIP, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** What was asked before: it is asked with every request, and a list takes longer than the job that is asked for. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 1000;

/** Whether an IP address can only be reached from this machine. Names are not looked up: they are none. */
export function isLoopbackAddress(address: string): boolean {
  const before = known.get(address);
  if (before !== undefined) return before;
  const is = look(address);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(address, is);
  return is;
}

function look(address: string): boolean {
  const bare = withoutZone(address);
  if (isIP(bare) === 0) return false;
  return LOOPBACK.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
}

/** `fe80::1%eth0` → `fe80::1`, and `::ffff:10.0.0.1` → `10.0.0.1`. */
export function withoutZone(address: string): string {
  const [bare = ''] = address.split('%');
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}
