/**
 * Whether somebody may come in, and as whom: by a key, or by the session of a browser.
 *
 * It is asked at every request, so what the store answered is kept in memory until users or keys change. That is enough,
 * because the owner alone changes them: `forgetCredentials` is called by whatever does.
 */
import { type AtOnce, goOnWith } from '../domain/at-once.ts';
import { lesser, type Scope } from '../domain/scope.ts';
import { anyUserOrKey, keyBySha256, noteKeyUse } from '../store/api-keys.ts';
import { deleteSession, noteSessionUse, sessionBySha256 } from '../store/sessions.ts';
import type { Store } from '../store/store.ts';
import { looksLikeKey, looksLikeSessionId, sha256Of } from './secrets.ts';

/** When something was used last is written at most this often. */
const NOTE_EVERY_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
/** A browser that was not used for so long must sign in again. */
export const SESSION_IDLE_MS = 7 * DAY_MS;
/** And so must any other after this time. */
export const SESSION_MOST_MS = 30 * DAY_MS;

/** Somebody who may come in. */
export interface Identity {
  /** The user's name, or `key NAME` for one that is nobody's. */
  name: string;
  /** Whose jobs are made and seen; null for an admin and for keys that are nobody's, who see all. */
  userId: string | null;
  scope: Scope;
}

export interface Kept extends Identity {
  usedAt: number;
  /** Only of sessions. */
  endsAt: number;
}

interface Known {
  isLocked?: AtOnce<boolean>;
  /** By the sha256 of what was sent. Only what is right, so it cannot grow without end. */
  kept: Map<string, Kept>;
}

const knownOf = new WeakMap<Store, Known>();
const listenersOf = new WeakMap<Store, Set<() => void>>();

function known(store: Store): Known {
  const there = knownOf.get(store) ?? { kept: new Map() };
  knownOf.set(store, there);
  return there;
}

/** To be called when users, keys or sessions have changed. */
export function forgetCredentials(store: Store): void {
  // What is being looked up now lands in the old one, where nobody looks any more.
  knownOf.delete(store);
  for (const listener of listenersOf.get(store) ?? []) listener();
}

/** Listens for changes of users, keys or sessions: somebody may not come in any more. @returns a function that ends it */
export function onCredentialsChange(store: Store, listener: () => void): () => void {
  const listeners = listenersOf.get(store) ?? new Set();
  listenersOf.set(store, listeners.add(listener));
  return () => listeners.delete(listener);
}

/** Whether somebody who comes in must say who it is: there is a user or a key. */
export function isLocked(store: Store): AtOnce<boolean> {
  const here = known(store);
  here.isLocked ??= anyUserOrKey(store).then(
    (is) => {
      here.isLocked = is;
      return is;
    },
    (error) => {
      forgetCredentials(store);
      throw error;
    },
  );
  return here.isLocked;
}

/** Whose key it is; undefined when it is none, or none any more. */
export function identityOfKey(store: Store, key: string): AtOnce<Identity | undefined> {
  return goOnWith(
    keyHolder(store, key),
    (found) => found && used(store, found, (at) => noteKeyUse(store, sha256Of(key), at)),
  );
}

/** As `identityOfKey`, of a connection that stays open: it does not count as a use. */
export function keyHolder(store: Store, key: string): AtOnce<Kept | undefined> {
  if (!looksLikeKey(key)) return undefined;
  const sha256 = sha256Of(key);
  const { kept } = known(store);
  return goOnWith(kept.get(sha256) ?? keptKey(store, sha256), (found) => {
    if (found) kept.set(sha256, found);
    return found;
  });
}

async function keptKey(store: Store, sha256: string): Promise<Kept | undefined> {
  const key = await keyBySha256(store, sha256);
  if (!key) return undefined;
  const most = key.user_id === null || key.is_admin ? 'admin' : 'write';
  return {
    name: key.user_name ?? `key ${key.name}`,
    userId: key.is_admin ? null : key.user_id,
    scope: lesser(key.scope, most),
    usedAt: key.last_used_at ?? 0,
    endsAt: Number.POSITIVE_INFINITY,
  };
}

/** Who is signed in with this; undefined when nobody is, or not any more. */
export function identityOfSession(store: Store, id: string): AtOnce<Identity | undefined> {
  return goOnWith(
    sessionHolder(store, id),
    (found) => found && used(store, found, (at) => noteSessionUse(store, sha256Of(id), at)),
  );
}

/** As `identityOfSession`, of a connection that stays open: it does not count as a use. */
export function sessionHolder(store: Store, id: string): AtOnce<Kept | undefined> {
  if (!looksLikeSessionId(id)) return undefined;
  const sha256 = sha256Of(id);
  const { kept } = known(store);
  return goOnWith(kept.get(sha256) ?? keptSession(store, sha256), (found) => {
    if (!found) return undefined;
    const now = store.clock.now();
    if (now >= found.endsAt || now - found.usedAt >= SESSION_IDLE_MS) {
      kept.delete(sha256);
      return deleteSession(store, sha256).then(() => undefined);
    }
    kept.set(sha256, found);
    return found;
  });
}

async function keptSession(store: Store, sha256: string): Promise<Kept | undefined> {
  const session = await sessionBySha256(store, sha256);
  if (!session) return undefined;
  return {
    ...userIdentity({ id: session.user_id, name: session.name, is_admin: session.is_admin }),
    usedAt: session.seen_at,
    endsAt: session.created_at + SESSION_MOST_MS,
  };
}

/** What a user may do and see. */
export function userIdentity(user: { id: string; name: string; is_admin: number }): Identity {
  return user.is_admin
    ? { name: user.name, userId: null, scope: 'admin' }
    : { name: user.name, userId: user.id, scope: 'write' };
}

/** Notes the use now and then. @returns undefined when it was revoked meanwhile */
function used({ clock }: Store, found: Kept, note: (at: number) => Promise<boolean>): AtOnce<Identity | undefined> {
  const now = clock.now();
  if (now - found.usedAt < NOTE_EVERY_MS) return found;
  found.usedAt = now;
  return note(now).then((isThere) => (isThere ? found : undefined));
}
