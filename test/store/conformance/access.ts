import { expect, it } from 'vitest';
import { anyUserOrKey, deleteKey, insertKey, keyBySha256, listKeys, noteKeyUse } from '../../../src/store/api-keys.ts';
import { newestEvents } from '../../../src/store/event-trail.ts';
import { idsOfStatus } from '../../../src/store/job-ids.ts';
import { listPage } from '../../../src/store/job-list.ts';
import { jobStandings } from '../../../src/store/job-standings.ts';
import {
  deleteOldSessions,
  deleteSession,
  insertSession,
  noteSessionUse,
  sessionBySha256,
} from '../../../src/store/sessions.ts';
import { jobsOfContent } from '../../../src/store/sources.ts';
import type { Store } from '../../../src/store/store.ts';
import { deleteUser, insertUser, onlyUser, updatePassword, userByKey } from '../../../src/store/users.ts';
import type { OpenEmpty } from '../conformance.ts';
import { submit, testClock } from '../support.ts';

function add(store: Store, name: string, admin = false) {
  return insertUser(store, { id: `id-${name}`, name, name_key: name, password: `kept of ${name}`, admin }, 'user');
}

export function accessTests(open: OpenEmpty): void {
  it('makes the first user an admin, takes each name once, and keeps an admin while there are others', async () => {
    const store = await open(testClock());
    expect(await anyUserOrKey(store)).toBe(false);
    expect(await add(store, 'anna')).toMatchObject({ is_admin: 1 });
    expect(await onlyUser(store)).toMatchObject({ name: 'anna' });
    expect(await add(store, 'anna', true)).toBeUndefined();
    expect(await add(store, 'ben')).toMatchObject({ is_admin: 0 });
    expect(await onlyUser(store)).toBeUndefined();
    expect(await anyUserOrKey(store)).toBe(true);
    expect(await deleteUser(store, 'anna', 'user')).toBe('last admin');
    expect(await deleteUser(store, 'carla', 'user')).toBe('missing');
    expect(await deleteUser(store, 'ben', 'anna')).toBe('removed');
    expect(await deleteUser(store, 'anna', 'user')).toBe('removed');
    expect((await newestEvents(store, { limit: 9 })).map(({ type, actor, reason }) => [type, actor, reason])).toEqual([
      ['access', 'user', 'Admin anna was added'],
      ['access', 'user', 'User ben was added'],
      ['access', 'anna', 'User ben was removed'],
      ['access', 'user', 'User anna was removed'],
    ]);
  });

  it('begins a session only while the password is the one that was checked, and ends it with password and user', async () => {
    const clock = testClock();
    const store = await open(clock);
    await add(store, 'anna');
    const anna = { id: 'id-anna', password: 'kept of anna' };
    expect(await insertSession(store, 'aa', { ...anna, password: 'another' })).toBe(false);
    expect(await insertSession(store, 'aa', { ...anna, id: 'nobody' })).toBe(false);
    expect(await insertSession(store, 'aa', anna)).toBe(true);
    const now = clock.now();
    expect(await sessionBySha256(store, 'aa')).toEqual({
      ...{ sha256: 'aa', user_id: 'id-anna', created_at: now, seen_at: now, name: 'anna', is_admin: 1 },
    });
    expect(await noteSessionUse(store, 'aa', now + 5)).toBe(true);
    await deleteOldSessions(store, { createdBefore: now - 1, seenBefore: now + 4 });
    expect(await sessionBySha256(store, 'aa')).toMatchObject({ seen_at: now + 5 });
    await deleteOldSessions(store, { createdBefore: now - 1, seenBefore: now + 5 });
    expect(await noteSessionUse(store, 'aa', now)).toBe(false);

    await insertSession(store, 'bb', anna);
    expect(await updatePassword(store, { ...anna, before: 'another' }, 'anna')).toBe(false);
    expect(await sessionBySha256(store, 'bb')).toBeDefined();
    expect(await updatePassword(store, { id: anna.id, password: 'new', before: anna.password }, 'anna')).toBe(true);
    expect(await sessionBySha256(store, 'bb')).toBeUndefined();
    await insertSession(store, 'cc', { id: anna.id, password: 'new' });
    await deleteUser(store, 'anna', 'user');
    expect(await deleteSession(store, 'cc')).toBe(false);
    expect(await userByKey(store, 'anna')).toBeUndefined();
  });

  it('keeps keys with whose they are, until they are revoked or their user goes', async () => {
    const store = await open(testClock());
    await add(store, 'anna');
    const key = { name: 'one', sha256: 'aa', scope: 'read', user_id: 'id-anna' } as const;
    expect(await insertKey(store, key, 'user')).toBe(true);
    expect(await insertKey(store, { ...key, sha256: 'bb' }, 'user')).toBe(false);
    expect(await insertKey(store, { name: 'two', sha256: 'cc', scope: 'admin', user_id: null }, 'user')).toBe(true);
    expect(await keyBySha256(store, 'aa')).toMatchObject({ name: 'one', user_name: 'anna', is_admin: 1 });
    expect(await keyBySha256(store, 'cc')).toMatchObject({ user_name: null, is_admin: null, last_used_at: null });
    expect([await noteKeyUse(store, 'cc', 7), await noteKeyUse(store, 'dd', 7)]).toEqual([true, false]);
    await deleteUser(store, 'anna', 'user');
    expect(await listKeys(store)).toMatchObject([{ name: 'two', last_used_at: 7 }]);
    expect([await deleteKey(store, 'two', 'user'), await deleteKey(store, 'two', 'user')]).toEqual([true, false]);
  });

  it('finds the jobs of a user, and what happened to them', async () => {
    const store = await open(testClock());
    const source = { sourceBytes: 5, sourceSha256: 'ff' };
    const [anna, ben, old] = [
      await submit(store, { userId: 'anna', ...source }),
      await submit(store, { userId: 'ben', ...source }),
      await submit(store, source),
    ];
    const standings = await jobStandings(store, [old, 99, ben, anna]);
    expect(standings.map(({ id, user_id }) => [id, user_id])).toEqual([
      [anna, 'anna'],
      [ben, 'ben'],
      [old, null],
    ]);
    expect((await listPage(store, { userId: 'ben' }, { sort: 'newest', limit: 9 })).jobs).toMatchObject([{ id: ben }]);
    expect((await listPage(store, { status: ['pending'] }, { sort: 'newest', limit: 9 })).jobs).toHaveLength(3);
    expect(await idsOfStatus(store, 'pending', 'ben')).toEqual([ben]);
    expect(await jobsOfContent(store, { bytes: 5, sha256: 'ff', userId: 'anna' })).toMatchObject([{ id: anna }]);
    expect(await newestEvents(store, { limit: 9, userId: 'ben' })).toMatchObject([{ job_id: ben }]);
    expect(await newestEvents(store, { limit: 9, userId: 'ben', jobId: anna })).toEqual([]);
  });
}
