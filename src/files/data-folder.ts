import { DiskError } from '../domain/errors.ts';

/**
 * Does something with the folders of a data folder.
 * @throws DiskError when the system refuses it
 */
export function inDataFolder<T>(dataDir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DiskError(
      `The data folder ${dataDir} cannot be used (${code}).`,
      'Make it writable, or choose another one with LONGHAND_DATA.',
    );
  }
}
