import type { Selectable } from 'kysely';
import { appendAccessEvent } from './access-events.ts';
import { literal } from './literal.ts';
import type { ApiKeyRow, UsersTable } from './schema.ts';
import type { Store } from './store.ts';
import { inTransaction } from './transaction.ts';

/** A key with the user whose it is; without one both columns are null. */
export type KeyAndUser = ApiKeyRow & {
  user_name: Selectable<UsersTable>['name'] | null;
  is_admin: Selectable<UsersTable>['is_admin'] | null;
};

/** All keys, the oldest first. */
export async function listKeys(store: Store): Promise<KeyAndUser[]> {
  return await keysWithUsers(store).orderBy('api_keys.created_at').orderBy('api_keys.name').execute();
}

export async function keyBySha256(store: Store, sha256: string): Promise<KeyAndUser | undefined> {
  return await keysWithUsers(store).where('api_keys.sha256', '=', sha256).executeTakeFirst();
}

function keysWithUsers({ db }: Store) {
  return db
    .selectFrom('api_keys')
    .leftJoin('users', 'users.id', 'api_keys.user_id')
    .selectAll('api_keys')
    .select(['users.name as user_name', 'users.is_admin']);
}

/** @returns false when there is a key of that name */
export async function insertKey(
  store: Store,
  key: Pick<ApiKeyRow, 'name' | 'sha256' | 'scope' | 'user_id'>,
  actor: string,
): Promise<boolean> {
  return await inTransaction(store, async (trx) => {
    const made = await trx
      .insertInto('api_keys')
      .values({ ...key, created_at: store.clock.now() })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('name')
      .executeTakeFirst();
    if (!made) return false;
    await appendAccessEvent(store, trx, { actor, reason: `Key ${key.name} (${key.scope}) was made` });
    return true;
  });
}

/** @returns false when there is no key of that name */
export async function deleteKey(store: Store, name: string, actor: string): Promise<boolean> {
  return await inTransaction(store, async (trx) => {
    const { numDeletedRows } = await trx.deleteFrom('api_keys').where('name', '=', name).executeTakeFirst();
    if (numDeletedRows !== 1n) return false;
    await appendAccessEvent(store, trx, { actor, reason: `Key ${name} was revoked` });
    return true;
  });
}

/** Keeps when a key was used. @returns whether there still is one */
export async function noteKeyUse({ db }: Store, sha256: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('api_keys')
    .set({ last_used_at: at })
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Whether anybody was let in by name: a user, or a key. */
export async function anyUserOrKey({ db }: Store): Promise<boolean> {
  const user = await db.selectFrom('users').select('id').limit(literal(1)).executeTakeFirst();
  return Boolean(user ?? (await db.selectFrom('api_keys').select('name').limit(literal(1)).executeTakeFirst()));
}
