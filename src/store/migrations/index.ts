import type { Migration } from 'kysely';
import * as jobs from './0001-jobs.ts';
import * as supervision from './0002-supervision.ts';
import * as imports from './0003-import.ts';
import * as queue from './0004-queue.ts';
import * as users from './0005-users.ts';
import * as notifications from './0006-notifications.ts';
import * as pageLeave from './0007-page-leave.ts';
import * as search from './0008-search.ts';
import * as transcriptVersions from './0010-transcript-versions.ts';

export type Migrations = Readonly<Record<string, Migration>>;

/** Every step of the schema, in order. A step that was released is never changed; the next one amends it. */
export const MIGRATIONS: Migrations = {
  '0001-jobs': jobs,
  '0002-supervision': supervision,
  '0003-import': imports,
  '0004-queue': queue,
  '0005-users': users,
  '0006-notifications': notifications,
  '0007-page-leave': pageLeave,
  '0008-search': search,
  '0010-transcript-versions': transcriptVersions,
};
