/** A value that is there already, or comes: for what is asked so often that even a turn of the event loop counts. */
export type AtOnce<T> = T | Promise<T>;

/** Goes on with a value: now when it is there, otherwise when it comes. */
export function goOnWith<T, R>(value: AtOnce<T>, work: (value: T) => AtOnce<R>): AtOnce<R> {
  return value instanceof Promise ? value.then(work) : work(value);
}
