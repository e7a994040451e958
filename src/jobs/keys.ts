import { UsageError } from '../domain/errors.ts';
import type { Scope } from '../domain/scope.ts';
import { deleteKey, insertKey, type KeyAndUser, listKeys } from '../store/api-keys.ts';
import type { Store } from '../store/store.ts';
import { userByKey } from '../store/users.ts';
import { AccessConflictError, NoSuchKeyError, NoSuchUserError } from './access-errors.ts';
import { actor } from './actor.ts';
import { forgetCredentials } from './credentials.ts';
import { keyOf, nameOf } from './names.ts';
import { newKey, sha256Of } from './secrets.ts';

/** A key, as people and programs see one: never the key itself. */
export interface KeyView {
  name: string;
  scope: Scope;
  /** Whose it is; null for nobody's in particular, which sees all jobs. */
  user: string | null;
  /** ISO 8601. */
  createdAt: string;
  /** To the minute; null: it never was. */
  lastUsedAt: string | null;
}

/** All keys, the oldest first. */
export async function keys(store: Store): Promise<KeyView[]> {
  return (await listKeys(store)).map(viewOf);
}

/**
 * Makes a key for a program.
 * @returns the key itself, which nobody can be told again
 * @throws UsageError when it cannot be a name, or its user may do less; NoSuchUserError; AccessConflictError
 */
export async function addKey(
  store: Store,
  wish: { name: string; scope: Scope; user?: string | undefined },
): Promise<{ name: string; scope: Scope; user: string | null; key: string }> {
  const name = nameOf(wish.name);
  const user = wish.user === undefined ? undefined : await userByKey(store, keyOf(wish.user));
  if (wish.user !== undefined && !user) throw new NoSuchUserError(wish.user);
  if (user && !user.is_admin && wish.scope === 'admin') {
    throw new UsageError(`"${user.name}" is no admin, so a key of theirs cannot be.`, 'Choose the scope write.');
  }
  const key = newKey();
  const row = { name, sha256: sha256Of(key), scope: wish.scope, user_id: user?.id ?? null };
  if (!(await insertKey(store, row, actor()))) {
    throw new AccessConflictError(
      `There is a key "${name}" already.`,
      `Choose another name, or end that one: longhand keys revoke ${name}`,
    );
  }
  forgetCredentials(store);
  return { name, scope: wish.scope, user: user?.name ?? null, key };
}

/** @throws NoSuchKeyError */
export async function revokeKey(store: Store, name: string): Promise<{ name: string }> {
  const wanted = name.normalize('NFKC');
  if (!(await deleteKey(store, wanted, actor()))) throw new NoSuchKeyError(name);
  forgetCredentials(store);
  return { name: wanted };
}

function viewOf(key: KeyAndUser): KeyView {
  return {
    name: key.name,
    scope: key.scope,
    user: key.user_name,
    createdAt: new Date(key.created_at).toISOString(),
    lastUsedAt: key.last_used_at === null ? null : new Date(key.last_used_at).toISOString(),
  };
}
