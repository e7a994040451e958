import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The person at the machine, or the only user: as it stands in the events, and as whoever pauses. Pauses know persons and
 * Longhand alone, whatever the person's name is.
 */
export const USER = 'user';

/** Parts of Longhand, as they stand in the events. No user may have such a name. */
const PROGRAMS: readonly string[] = ['supervisor', 'scheduler', 'owner', 'import', 'watch', 'runner', 'longhand'];

const named = new AsyncLocalStorage<string>();

/** By which name what is done now stands in the events. */
export function actor(): string {
  return named.getStore() ?? USER;
}

/** Does the work, and whatever it goes on with, in somebody's name. */
export function inNameOf<T>(name: string, work: () => T): T {
  return named.run(name, work);
}

/** Whether events that have this for an actor tell of a person's doing, or of a program's of that person. */
export function isPerson(name: string): boolean {
  return !PROGRAMS.includes(name);
}

/** Names that mean something else in the events. */
export function isReserved(name: string): boolean {
  return name === USER || PROGRAMS.includes(name);
}
