import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { LonghandError } from '../domain/errors.ts';
import { PRIVATE_FOLDER_MODE } from '../files/directory.ts';

/** The address of a Unix socket must be shorter than this on every system (108 bytes on Linux, 104 on macOS). */
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Where the owner of a data folder listens: in the folder, or, when that path is too long for a socket, in a private
 * folder of this user among the temporary files, under a name made from the data folder's.
 */
export function socketPathFor(dataDir: string, temporary: string = tmpdir()): string {
  const inside = join(dataDir, 'owner.sock');
  if (Buffer.byteLength(inside) < MAX_SOCKET_PATH_BYTES) return inside;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(temporary, `longhand-${userInfo().uid}`, `${name}.sock`);
}

/**
 * Makes the folder of the socket where it is not the data folder itself.
 * @throws LonghandError when somebody else's folder stands in its place
 */
export function prepareSocketFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER_MODE });
  const facts = lstatSync(folder);
  if (!facts.isDirectory() || facts.uid !== userInfo().uid) {
    throw new LonghandError({
      kind: 'disk',
      message: `${folder} belongs to somebody else, so the socket cannot be put there.`,
      remedy: 'Choose a data folder with a shorter path (LONGHAND_DATA).',
    });
  }
  chmodSync(folder, PRIVATE_FOLDER_MODE);
}
