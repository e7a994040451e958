/** What makes this process the only one that works with its data: the locks, and the open store. */
import { accessSync, chmodSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config/schema.ts';
import type { Clock } from './domain/clock.ts';
import { inDataFolder } from './files/data-folder.ts';
import { makePrivateFolder, PRIVATE_FOLDER_MODE } from './files/directory.ts';
import { type DatabaseLock, lockDatabase } from './store/database-lock.ts';
import { openStore } from './store/open.ts';
import { tryOwnerLock } from './store/owner-lock.ts';
import type { Store } from './store/store.ts';

/** A data folder that nobody else works with. */
export interface Hold {
  store: Store;
  /** Set when the database is on a server. */
  databaseLock: DatabaseLock | undefined;
  /** Closes the store and lets go of everything, the data folder last. */
  release(): Promise<void>;
}

/**
 * Takes hold of a data folder and opens what is in it.
 * @returns undefined when another process holds it
 * @throws DiskError when the folder cannot be used; whatever `lockDatabase` and `openStore` throw
 */
export async function holdDataFolder(config: Config, clock: Clock): Promise<Hold | undefined> {
  const { dataDir, databaseUrl: url } = config;
  prepareDataFolder(dataDir);
  const folderLock = tryOwnerLock(join(dataDir, 'owner.lock'));
  if (!folderLock) return undefined;
  let databaseLock: DatabaseLock | undefined;
  try {
    if (url !== undefined) databaseLock = await lockDatabase({ url, clock });
    const store = await openStore({ file: join(dataDir, 'longhand.db'), url, clock });
    const release = async () => {
      await store.close();
      await databaseLock?.release();
      folderLock.release();
    };
    return { store, databaseLock, release };
  } catch (error) {
    await databaseLock?.release();
    folderLock.release();
    throw error;
  }
}

function prepareDataFolder(dataDir: string): void {
  inDataFolder(dataDir, () => {
    for (const folder of [dataDir, join(dataDir, 'jobs'), join(dataDir, 'logs')]) {
      makePrivateFolder(folder);
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    }
    // What people said is theirs alone, also in a folder that somebody made beforehand.
    chmodSync(dataDir, PRIVATE_FOLDER_MODE);
  });
}
