import type { Kysely } from 'kysely';
import { appendAccessEvent } from './access-events.ts';
import { literal } from './literal.ts';
import type { Database, UserRow } from './schema.ts';
import type { Store } from './store.ts';
import { inTransaction } from './transaction.ts';

/** All users, the first one first. */
export async function listUsers({ db }: Store): Promise<UserRow[]> {
  return await db.selectFrom('users').selectAll().orderBy('created_at').orderBy('id').execute();
}

/** @param key the name as it is compared */
export async function userByKey({ db }: Store, key: string): Promise<UserRow | undefined> {
  return await db.selectFrom('users').selectAll().where('name_key', '=', key).executeTakeFirst();
}

/** The user, where there is exactly one. */
export async function onlyUser({ db }: Store): Promise<UserRow | undefined> {
  const [user, other] = await db.selectFrom('users').selectAll().limit(literal(2)).execute();
  return other ? undefined : user;
}

/**
 * Makes a user. The first one is an admin whatever was asked for: somebody must be.
 * @returns the user; undefined when the name is taken
 */
export async function insertUser(
  store: Store,
  user: Pick<UserRow, 'id' | 'name' | 'name_key' | 'password'> & { admin: boolean },
  actor: string,
): Promise<UserRow | undefined> {
  const { admin, ...given } = user;
  const now = store.clock.now();
  return await inTransaction(store, async (trx) => {
    const isFirst = (await trx.selectFrom('users').select('id').limit(literal(1)).executeTakeFirst()) === undefined;
    const row = { ...given, is_admin: admin || isFirst ? 1 : 0, created_at: now, password_at: now };
    const made = await trx
      .insertInto('users')
      .values(row)
      .onConflict((conflict) => conflict.column('name_key').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!made) return undefined;
    const what = made.is_admin ? `Admin ${made.name} was added` : `User ${made.name} was added`;
    await appendAccessEvent(store, trx, { actor, reason: what });
    return made;
  });
}

/** What came of the wish to remove a user. */
export type UserRemoval = 'removed' | 'missing' | 'last admin';

/** Removes a user with all keys and sessions; not the last admin while there are others. The jobs stay. */
export async function deleteUser(store: Store, key: string, actor: string): Promise<UserRemoval> {
  return await inTransaction(store, async (trx) => {
    const user = await trx.selectFrom('users').selectAll().where('name_key', '=', key).executeTakeFirst();
    if (!user) return 'missing';
    if (user.is_admin && (await isLastAdmin(trx, user))) return 'last admin';
    await trx.deleteFrom('users').where('id', '=', user.id).execute();
    await appendAccessEvent(store, trx, { actor, reason: `User ${user.name} was removed` });
    return 'removed';
  });
}

async function isLastAdmin(trx: Kysely<Database>, { id }: UserRow): Promise<boolean> {
  const others = await trx.selectFrom('users').select('is_admin').where('id', '<>', id).execute();
  return others.length > 0 && others.every(({ is_admin }) => is_admin === 0);
}

/**
 * Gives a user another password and ends the sessions that began with the old one.
 * @param before only while this is the password's hash; whatever it is when not given
 * @returns false when there is no such user, or the password is another one by now
 */
export async function updatePassword(
  store: Store,
  { id, password, before }: { id: string; password: string; before?: string },
  actor: string,
): Promise<boolean> {
  return await inTransaction(store, async (trx) => {
    let update = trx
      .updateTable('users')
      .set({ password, password_at: store.clock.now() })
      .where('id', '=', id)
      .returning('name');
    if (before !== undefined) update = update.where('password', '=', before);
    const user = await update.executeTakeFirst();
    if (!user) return false;
    await trx.deleteFrom('sessions').where('user_id', '=', id).execute();
    await appendAccessEvent(store, trx, { actor, reason: `Password of ${user.name} was changed` });
    return true;
  });
}
