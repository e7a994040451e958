import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Only root may mount one. */
export const MAY_MOUNT = process.getuid?.() === 0 && process.platform === 'linux';

const BLOCKS_BYTES = [1024 * 1024, 4096];

/** A disk in memory that can be filled to the last byte and emptied again. Needs root. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  /** Mounts it. @param folder is made */
  constructor(folder: string, bytes: number) {
    mkdirSync(folder, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'chaos', folder]);
    this.folder = folder;
    this.#ballast = join(folder, 'ballast');
  }

  /** From now on every write that needs space fails with ENOSPC. */
  fill(): void {
    const file = openSync(this.#ballast, 'w');
    try {
      for (const bytes of BLOCKS_BYTES) writeUntilFull(file, Buffer.alloc(bytes));
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.folder]);
  }
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    while (writeSync(file, block) === block.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
