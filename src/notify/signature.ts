import { createHmac } from 'node:crypto';

/**
 * Proves to whoever holds the same secret where a body comes from and when it was sent: `t=SECONDS,v1=HEX`, where HEX is
 * the HMAC-SHA256 of `SECONDS.BODY`. The time is in it so that what somebody has recorded is of no use later.
 * @param now milliseconds since the epoch
 */
export function signatureOf(body: string, secret: string, now: number): string {
  const seconds = Math.floor(now / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
