import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely';
import type { Database } from './schema.ts';

/** Different shapes of one query that are kept; lists of different lengths make new ones, so the oldest go. */
const MAX_SHAPES = 100;

/** Stands for a value while a query is compiled. */
class Slot {
  readonly column: string;
  /** The place in a list. */
  readonly index: number | undefined;

  constructor(column: string, index?: number) {
    this.column = column;
    this.index = index;
  }
}

/**
 * A query whose text is made once, for those that every job goes through: making the text takes longer than SQLite takes
 * for the query. It is made again where other columns are given, or a list of another length. What is undefined counts
 * as not given.
 * @param build makes the query; it must not look at the values given, which it does not see, only at which are there. What
 * stands in the text itself (`literal`) it gets as further arguments
 * @returns runs the query with the values
 */
export function compiled<Given extends object, Row, InText extends readonly (string | number)[] = []>(
  build: (db: Kysely<Database>, given: Given, ...inText: InText) => Compilable<Row>,
): (db: Kysely<Database>, given: Given, ...inText: InText) => Promise<QueryResult<Row>> {
  /** By the database, because each kind has its own words. */
  const known = new WeakMap<object, Map<string, CompiledQuery<Row>>>();

  return async (db, given, ...inText) => {
    const { adapter } = db.getExecutor();
    const shapes = known.get(adapter) ?? new Map<string, CompiledQuery<Row>>();
    known.set(adapter, shapes);
    const shape = [...inText, shapeOf(given)].join(' ');
    let query = shapes.get(shape);
    if (!query) {
      query = build(db, slotsFor(given), ...inText).compile();
      if (shapes.size >= MAX_SHAPES) shapes.delete(shapes.keys().next().value as string);
      shapes.set(shape, query);
    }
    return await db.executeQuery({ ...query, parameters: query.parameters.map((value) => actualValue(value, given)) });
  };
}

function shapeOf(given: object): string {
  let shape = '';
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) shape += Array.isArray(value) ? `${name}[${value.length}] ` : `${name} `;
  }
  return shape;
}

function slotsFor<Given extends object>(given: Given): Given {
  const slots = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((_, index) => new Slot(name, index)) : new Slot(name),
    ]);
  return Object.fromEntries(slots) as Given;
}

function actualValue(parameter: unknown, given: object): unknown {
  if (!(parameter instanceof Slot)) return parameter;
  const value = (given as Record<string, unknown>)[parameter.column];
  return parameter.index === undefined ? value : (value as unknown[])[parameter.index];
}
