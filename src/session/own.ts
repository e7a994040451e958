import type { OwnerProcess } from './owner-process.ts';

/** One user's share in an owner of this process. */
export interface Share {
  owner: OwnerProcess;
  /** The last one who leaves closes the owner. Idempotent. */
  leave(): Promise<void>;
}

interface Owned {
  starting: Promise<OwnerProcess | undefined>;
  users: number;
  closing?: Promise<void>;
}

/** The owners that this process is, by their data folders. */
const owned = new Map<string, Owned>();

/**
 * Becomes the owner of a data folder, or takes a share when this process is it already: whoever in this process needs the
 * folder shares one owner, which lives as long as the last of them.
 * @param start becomes the owner; called when this process is not
 * @returns undefined when another process is the owner
 */
export async function own(dataDir: string, start: () => Promise<OwnerProcess | undefined>): Promise<Share | undefined> {
  for (;;) {
    const entry = owned.get(dataDir) ?? begin(dataDir, start);
    // Counted before it is there, so that nobody who leaves closes it meanwhile.
    entry.users += 1;
    const owner = await entry.starting;
    if (!owner) return undefined;
    if (!entry.closing) return { owner, leave: leaveOnce(dataDir, entry, owner) };
    // How the closing went is told to the one who closed it.
    await Promise.allSettled([entry.closing]);
  }
}

/** Whether this process is the owner of a data folder, or just about to be. */
export function isOwnedHere(dataDir: string): boolean {
  return owned.has(dataDir);
}

function begin(dataDir: string, start: () => Promise<OwnerProcess | undefined>): Owned {
  const entry: Owned = { starting: start(), users: 0 };
  owned.set(dataDir, entry);
  const forget = () => owned.delete(dataDir);
  entry.starting.then((owner) => owner ?? forget(), forget);
  return entry;
}

function leaveOnce(dataDir: string, entry: Owned, owner: OwnerProcess): () => Promise<void> {
  let left: Promise<void> | undefined;
  const leave = async () => {
    entry.users -= 1;
    if (entry.users > 0) return;
    entry.closing = owner.close().finally(() => owned.delete(dataDir));
    await entry.closing;
  };
  return () => {
    left ??= leave();
    return left;
  };
}
