import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskError, EngineError, reportOf } from '../domain/errors.ts';

/** More than any engine writes for a slice. */
const ROOM_BYTES = 1024 * 1024;

/**
 * Why an engine really failed. Its programs are others' work: without room for their files one ends well and leaves half an
 * answer, another says nothing at all. So it is tried whether there is room where they write.
 * @param scratchDir the folder that they write into
 * @returns what the disk says, as a `DiskError`, when there is none; else the error itself
 */
export async function faultBehind(error: unknown, scratchDir: string): Promise<unknown> {
  if (!(error instanceof EngineError)) return error;
  const attempt = join(scratchDir, `room-${randomUUID()}`);
  try {
    await writeFile(attempt, Buffer.alloc(ROOM_BYTES), { mode: 0o600 });
    return error;
  } catch (refused) {
    const { kind, message, remedy = '' } = reportOf({ code: (refused as NodeJS.ErrnoException).code });
    if (kind !== 'disk') return error;
    return new DiskError(`${message} The engine could not work: ${error.message}`, remedy, { cause: error });
  } finally {
    await rm(attempt, { force: true });
  }
}
