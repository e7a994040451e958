/** Passwords: what is kept of them, and whether one is right. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { UsageError } from '../domain/errors.ts';
import { SignInBusyError } from './access-errors.ts';

/**
 * What a hash costs: 32 MB and some hundred milliseconds (OWASP Password Storage Cheat Sheet, scrypt). They are kept with
 * each hash, so that they can be raised.
 */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const FEWEST_CHARACTERS = 8;
const MOST_BYTES = 1024;
/** Passwords that wait to be hashed. */
const MOST_WAITING = 20;

/** Compared with when there is no such user, so that this takes as long. */
export const NOBODYS_PASSWORD = written(COST, Buffer.alloc(SALT_BYTES), Buffer.alloc(HASH_BYTES));

/**
 * What is kept of a new password: `scrypt$N$r$p$salt$hash`, the last two in base64url.
 * @throws UsageError when it is too short or too long; SignInBusyError
 */
export async function hashPassword(password: string): Promise<string> {
  const bytes = bytesOf(password);
  if ([...password].length < FEWEST_CHARACTERS) {
    throw new UsageError(`A password has at least ${FEWEST_CHARACTERS} characters.`, 'Several words are best.');
  }
  if (bytes.length > MOST_BYTES) throw new UsageError(`A password has at most ${MOST_BYTES} bytes.`);
  const salt = randomBytes(SALT_BYTES);
  return written(COST, salt, await derive(bytes, salt, COST));
}

/**
 * Whether it is the password of which this was kept, found out in the same time either way.
 * @throws SignInBusyError
 */
export async function isPassword(password: string, kept: string): Promise<boolean> {
  const [kind, N, r, p, salt, hash] = kept.split('$');
  if (kind !== 'scrypt' || salt === undefined || hash === undefined) throw new Error('A kept password is damaged.');
  const expected = Buffer.from(hash, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const found = await derive(bytesOf(password).subarray(0, MOST_BYTES + 1), Buffer.from(salt, 'base64url'), cost);
  return timingSafeEqual(found, expected);
}

/** The same characters give the same bytes, whichever way a keyboard composes them. */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize('NFKC'));
}

function written(cost: ScryptCost, salt: Buffer, hash: Buffer): string {
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

interface ScryptCost {
  N: number;
  r: number;
  p: number;
}

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

/** One at a time: the threads that do it also read and write files, and each takes much memory. */
async function derive(password: Buffer, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  if (waiting >= MOST_WAITING) throw new SignInBusyError();
  waiting += 1;
  const mine = last.then(() => scryptOf(password, salt, { ...cost, maxmem: 256 * cost.r * (cost.N + cost.p + 2) }));
  last = mine.catch(() => undefined);
  try {
    return await mine;
  } finally {
    waiting -= 1;
  }
}

function scryptOf(password: Buffer, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}
