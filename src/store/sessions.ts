import type { SessionRow, UserRow } from './schema.ts';
import type { Store } from './store.ts';

/** A session with the user who is signed in. */
export type SessionAndUser = SessionRow & Pick<UserRow, 'name' | 'is_admin'>;

export async function sessionBySha256({ db }: Store, sha256: string): Promise<SessionAndUser | undefined> {
  return await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('sessions')
    .select(['users.name', 'users.is_admin'])
    .where('sessions.sha256', '=', sha256)
    .executeTakeFirst();
}

/**
 * Keeps that a browser is signed in.
 * @param user the session begins only while this is the user's password
 * @returns false when the user is gone or has another password by now
 */
export async function insertSession(
  { db, clock }: Store,
  sha256: string,
  user: Pick<UserRow, 'id' | 'password'>,
): Promise<boolean> {
  const now = clock.now();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('sessions')
    .columns(['sha256', 'user_id', 'created_at', 'seen_at'])
    .expression((eb) =>
      eb
        .selectFrom('users')
        .select(({ val, cast }) => [
          cast<string>(val(sha256), 'text').as('sha256'),
          'id as user_id',
          cast<number>(val(now), 'bigint').as('created_at'),
          cast<number>(val(now), 'bigint').as('seen_at'),
        ])
        .where('id', '=', user.id)
        .where('password', '=', user.password),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** @returns whether it was there */
export async function deleteSession({ db }: Store, sha256: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('sessions').where('sha256', '=', sha256).executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Forgets sessions that are over. Moments are milliseconds since the epoch. */
export async function deleteOldSessions(
  { db }: Store,
  { createdBefore, seenBefore }: { createdBefore: number; seenBefore: number },
): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where((eb) => eb.or([eb('created_at', '<=', createdBefore), eb('seen_at', '<=', seenBefore)]))
    .execute();
}

/** Keeps when a session was used. @returns whether it is still there */
export async function noteSessionUse({ db }: Store, sha256: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ seen_at: at })
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
