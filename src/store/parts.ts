/** Values in one list of a query; both databases take more, neither takes any number. */
const MAX_VALUES = 1000;

/** A long list in parts that one query takes each. An empty list has none. */
export function* inParts<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < list.length; start += MAX_VALUES) yield list.slice(start, start + MAX_VALUES);
}
