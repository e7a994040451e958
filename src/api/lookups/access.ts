/** Who may come in. */
import { keys } from '../../jobs/keys.ts';
import { users } from '../../jobs/users.ts';
import { listKeys, listUsers } from '../schemas/access.ts';
import { lookUp } from './look-up.ts';

export const allUsers = lookUp('/api/users', listUsers, async ({ store }) => ({ users: await users(store) }));

export const allKeys = lookUp('/api/keys', listKeys, async ({ store }) => ({ keys: await keys(store) }));
