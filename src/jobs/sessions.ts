import { deleteOldSessions, deleteSession, insertSession } from '../store/sessions.ts';
import type { Store } from '../store/store.ts';
import { listUsers, onlyUser, updatePassword, userByKey } from '../store/users.ts';
import { WrongPasswordError } from './access-errors.ts';
import {
  forgetCredentials,
  type Identity,
  isLocked,
  SESSION_IDLE_MS,
  SESSION_MOST_MS,
  userIdentity,
} from './credentials.ts';
import { keyOf } from './names.ts';
import { hashPassword, isPassword, NOBODYS_PASSWORD } from './passwords.ts';
import { newSessionId, sha256Of } from './secrets.ts';

/** What somebody must give to come in: nothing; the one password there is; a name, too; or a key, as nobody has a password. */
export type Needed = 'nothing' | 'password' | 'name and password' | 'key';

export async function neededToComeIn(store: Store): Promise<Needed> {
  if (!(await isLocked(store))) return 'nothing';
  const { length } = await listUsers(store);
  if (length === 0) return 'key';
  return length === 1 ? 'password' : 'name and password';
}

/**
 * Signs a browser in.
 * @param given without a name it is the only user's password
 * @returns what the browser must send from now on
 * @throws WrongPasswordError, SignInBusyError
 */
export async function signIn(
  store: Store,
  given: { name?: string | undefined; password: string },
): Promise<{ id: string; identity: Identity }> {
  const user = await checked(store, given);
  const id = newSessionId();
  const now = store.clock.now();
  await deleteOldSessions(store, { createdBefore: now - SESSION_MOST_MS, seenBefore: now - SESSION_IDLE_MS });
  // The password may have been changed while it was checked.
  if (!(await insertSession(store, sha256Of(id), user))) throw new WrongPasswordError();
  return { id, identity: userIdentity(user) };
}

/** The user whose password it is. */
async function checked(store: Store, { name, password }: { name?: string | undefined; password: string }) {
  const user = name === undefined ? await onlyUser(store) : await userByKey(store, keyOf(name));
  const isRight = await isPassword(password, user?.password ?? NOBODYS_PASSWORD);
  if (!user || !isRight) throw new WrongPasswordError();
  return user;
}

/** Signs a browser out. @returns whether it was signed in */
export async function signOut(store: Store, id: string): Promise<boolean> {
  const ended = await deleteSession(store, sha256Of(id));
  if (ended) forgetCredentials(store);
  return ended;
}

/**
 * Lets a user choose another password. All browsers of theirs must sign in again.
 * @throws WrongPasswordError when the old one is not right; UsageError when the new one cannot be one
 */
export async function changePassword(store: Store, name: string, old: string, password: string): Promise<void> {
  const user = await checked(store, { name, password: old });
  const change = { id: user.id, password: await hashPassword(password), before: user.password };
  if (!(await updatePassword(store, change, user.name))) throw new WrongPasswordError();
  forgetCredentials(store);
}
