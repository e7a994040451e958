import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

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
