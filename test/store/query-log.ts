import type { KyselyPlugin } from 'kysely';
import { SqliteQueryCompiler } from 'kysely';
import type { Store } from '../../src/store/store.ts';

export type { Store } from '../../src/store/store.ts';

/** The same store, which also keeps the SQL text of everything it is asked. */
export function withQueryLog(store: Store): Store & { queries: string[] } {
  const queries: string[] = [];
  const compiler = new SqliteQueryCompiler();
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      queries.push(compiler.compileQuery(node, queryId).sql);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return { ...store, db: store.db.withPlugin(plugin), queries };
}
