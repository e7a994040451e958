import { statfs } from 'node:fs/promises';

/** Free and total bytes of a disk. */
export interface DiskSpace {
  freeBytes: number;
  totalBytes: number;
}

/** The space on the disk that holds a folder, as this user may use it. */
export async function diskSpaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
