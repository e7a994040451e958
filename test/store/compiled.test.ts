import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compiled } from '../../src/store/compiled.ts';
import { literal } from '../../src/store/literal.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryFolder, testClock } from './support.ts';

async function temporaryStore(): Promise<Store> {
  const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock: testClock() });
  onTestFinished(() => store.close());
  return store;
}

interface Row {
  filename: string;
  created_at: number;
  updated_at: number;
  priority?: number | undefined;
  language?: string | null;
}

const insert = compiled((db, row: Row) =>
  db.insertInto('transcription_jobs').values(row).returning(['id', 'priority']),
);
const named = compiled((db, { names }: { names: readonly string[] }, limit: number) =>
  db
    .selectFrom('transcription_jobs')
    .select(['filename', 'language'])
    .where('filename', 'in', names)
    .orderBy('id')
    .limit(literal(limit)),
);

test('each call has its own values, and those that are not given keep their defaults', async () => {
  const { db } = await temporaryStore();
  const times = { created_at: 1, updated_at: 1 };
  const ids = [];
  for (const row of [
    { filename: 'a', ...times, priority: 7 },
    { filename: 'b', ...times, priority: undefined },
    { filename: 'c', ...times, priority: 9, language: null },
    { filename: 'd', ...times, language: 'th', priority: -1 },
  ]) {
    const { rows } = await insert(db, row);
    ids.push(rows[0]?.priority);
  }
  expect(ids).toEqual([7, 0, 9, -1]);
  const names = async (list: string[], limit: number) =>
    (await named(db, { names: list }, limit)).rows.map(({ filename, language }) => `${filename} ${language}`);
  expect(await names(['d', 'b'], 5)).toEqual(['b null', 'd th']);
  expect(await names(['a', 'c'], 5)).toEqual(['a null', 'c null']);
  expect(await names(['a', 'b', 'c'], 5)).toHaveLength(3);
  expect(await names(['a', 'b', 'c'], 2)).toHaveLength(2);
});

test('a query is made again only for another shape', async () => {
  const { db } = await temporaryStore();
  let made = 0;
  const count = compiled((on, given: { id: number; names?: string[] }) => {
    made += 1;
    const query = on.selectFrom('transcription_jobs').select('id').where('id', '=', given.id);
    return given.names ? query.where('filename', 'in', given.names) : query;
  });
  for (const id of [1, 2, 3]) await count(db, { id });
  expect(made).toBe(1);
  for (const id of [1, 2]) await count(db, { id, names: ['a', 'b'] });
  expect(made).toBe(2);
  await db.transaction().execute((trx) => count(trx, { id: 4 }));
  expect(made).toBe(2);
});
