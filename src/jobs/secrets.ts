import { hash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;
/** So that a key is known for one where it turns up. */
const KEY_PREFIX = 'lh_';
const KEY = /^lh_[\w-]{43}$/;
const SESSION = /^[\w-]{43}$/;

/** A key for a program: `lh_` and 32 random bytes in base64url. */
export function newKey(): string {
  return KEY_PREFIX + newSessionId();
}

/** What a signed-in browser sends: 32 random bytes in base64url. */
export function newSessionId(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function looksLikeKey(text: string): boolean {
  return KEY.test(text);
}

export function looksLikeSessionId(text: string): boolean {
  return SESSION.test(text);
}

/** All that is kept of them. Nobody can guess 32 random bytes, so this need not be slow. */
export function sha256Of(secret: string): string {
  return hash('sha256', secret);
}
