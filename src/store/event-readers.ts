/** Wakes those in this process who read the events, once a transaction that wrote some of them has committed. */
import type { Store, Trx } from './store.ts';

const readers = new WeakMap<Store, Set<() => void>>();
const writers = new WeakSet<Trx>();

/**
 * @param wake called after each commit of events; it must not throw
 * @returns a function that ends it
 */
export function onNewEvents(store: Store, wake: () => void): () => void {
  const all = readers.get(store) ?? new Set();
  readers.set(store, all.add(wake));
  return () => all.delete(wake);
}

/** This transaction has written an event. */
export function noteWritten(trx: Trx): void {
  writers.add(trx);
}

/** This transaction has committed. */
export function wakeReaders(store: Store, trx: Trx): void {
  if (!writers.has(trx)) return;
  for (const wake of readers.get(store) ?? []) wake();
}
