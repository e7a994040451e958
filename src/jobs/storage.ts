/** What Longhand takes on the disk, and of what. */
import { join } from 'node:path';
import { diskSpaceOf } from '../files/disk-space.ts';
import { bytesBelow } from '../files/folder-size.ts';
import { uploadsFolder } from '../files/upload-folder.ts';
import { backupsDir } from '../store/backups-dir.ts';
import { databaseBytes } from '../store/size.ts';
import type { Store } from '../store/store.ts';

/** All files are counted one by one: with many jobs that takes a while, so nobody has it done more often. */
const FRESH_MS = 10_000;

/** Bytes, each file counted in one place. */
export interface StorageView {
  /** ISO 8601: as of then. */
  at: string;
  /** The database with its log, or what its server says. */
  databaseBytes: number;
  /** Recordings that were handed in over HTTP. Those that were named by their paths stay where they are. */
  recordingsBytes: number;
  /** Decoded audio of jobs that are not done, and texts. */
  jobFilesBytes: number;
  logsBytes: number;
  backupsBytes: number;
  modelsBytes: number;
  /** Of the disk that holds the data folder, for this account. */
  freeBytes: number;
  totalBytes: number;
}

export interface StorageOptions {
  store: Store;
  dataDir: string;
  modelsDir: string;
}

export class Storage {
  readonly #options: StorageOptions;
  #known: { atMs: number; view: Promise<StorageView> } | undefined;

  constructor(options: StorageOptions) {
    this.#options = options;
  }

  /** Counted now, or some seconds ago. */
  async view(): Promise<StorageView> {
    const nowMs = this.#options.store.clock.monotonicMs();
    if (!this.#known || nowMs - this.#known.atMs > FRESH_MS) {
      const known = { atMs: nowMs, view: this.#count() };
      this.#known = known;
      // What could not be counted is counted again when somebody asks.
      known.view.catch(() => {
        if (this.#known === known) this.#known = undefined;
      });
    }
    return await this.#known.view;
  }

  async #count(): Promise<StorageView> {
    const { store, dataDir, modelsDir } = this.#options;
    const at = new Date(store.clock.now()).toISOString();
    const { freeBytes, totalBytes } = await diskSpaceOf(dataDir);
    return {
      at,
      databaseBytes: await databaseBytes(store),
      recordingsBytes: await bytesBelow(uploadsFolder(dataDir)),
      jobFilesBytes: await bytesBelow(join(dataDir, 'jobs')),
      logsBytes: await bytesBelow(join(dataDir, 'logs')),
      backupsBytes: await bytesBelow(backupsDir(store.file)),
      modelsBytes: await bytesBelow(modelsDir),
      freeBytes,
      totalBytes,
    };
  }
}
