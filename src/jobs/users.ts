import { randomUUID } from 'node:crypto';
import type { UserRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { deleteUser, insertUser, listUsers, updatePassword, userByKey } from '../store/users.ts';
import { AccessConflictError, NoSuchUserError } from './access-errors.ts';
import { actor } from './actor.ts';
import { forgetCredentials } from './credentials.ts';
import { keyOf, nameOf } from './names.ts';
import { hashPassword } from './passwords.ts';

/** A user, as people and programs see one. */
export interface UserView {
  name: string;
  admin: boolean;
  /** ISO 8601. */
  createdAt: string;
  passwordChangedAt: string;
}

/** All users, the first one first. */
export async function users(store: Store): Promise<UserView[]> {
  return (await listUsers(store)).map(viewOf);
}

/**
 * Lets somebody in by a password. The first user is an admin.
 * @throws UsageError when it cannot be a name or a password; AccessConflictError when the name is taken
 */
export async function addUser(
  store: Store,
  wish: { name: string; password: string; admin?: boolean | undefined },
): Promise<UserView> {
  const name = nameOf(wish.name);
  const password = await hashPassword(wish.password);
  const user = { id: randomUUID(), name, name_key: keyOf(name), password, admin: wish.admin ?? false };
  const made = await insertUser(store, user, actor());
  if (!made) {
    throw new AccessConflictError(
      `There is a user "${name}" already.`,
      `Another password: longhand users password ${name}`,
    );
  }
  forgetCredentials(store);
  return viewOf(made);
}

/**
 * Removes a user with all keys and sessions. The jobs stay, for admins to see.
 * @throws NoSuchUserError; AccessConflictError when no admin would be left for the others
 */
export async function removeUser(store: Store, name: string): Promise<{ name: string }> {
  const removal = await deleteUser(store, keyOf(name), actor());
  if (removal === 'missing') throw new NoSuchUserError(name);
  if (removal === 'last admin') {
    throw new AccessConflictError(
      `"${name}" is the last admin, and there are other users.`,
      'Add another one first: longhand users add NAME --admin. Or remove the others first.',
    );
  }
  forgetCredentials(store);
  return { name };
}

/**
 * Gives a user another password. Whoever is signed in by the old one must sign in again.
 * @throws UsageError when it cannot be a password; NoSuchUserError
 */
export async function setPassword(store: Store, name: string, password: string): Promise<{ name: string }> {
  const user = await userByKey(store, keyOf(name));
  if (!user) throw new NoSuchUserError(name);
  const changed = await updatePassword(store, { id: user.id, password: await hashPassword(password) }, actor());
  if (!changed) throw new NoSuchUserError(name);
  forgetCredentials(store);
  return { name: user.name };
}

function viewOf(user: UserRow): UserView {
  return {
    name: user.name,
    admin: user.is_admin === 1,
    createdAt: new Date(user.created_at).toISOString(),
    passwordChangedAt: new Date(user.password_at).toISOString(),
  };
}
