import { chmodSync, lstatSync, rmdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { LonghandError } from '../domain/errors.ts';
import { makePrivateFolder, PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE } from '../files/directory.ts';
import { socketPathFor } from './socket-path.ts';

/** Two owners with long paths share a folder; one may remove it just before the other listens. */
const LISTEN_TRIES = 5;

/**
 * Listens on the socket of a data folder whose lock this process holds.
 * @returns the socket's path
 * @throws LonghandError when the socket's folder belongs to somebody else
 */
export async function listenOn(server: FastifyInstance, dataDir: string): Promise<string> {
  const path = socketPathFor(dataDir);
  for (let attempt = 1; ; attempt += 1) {
    if (dirname(path) !== dataDir) prepareSocketFolder(dirname(path));
    // Whoever left it is dead: the lock is ours.
    rmSync(path, { force: true });
    try {
      await server.listen({ path });
      break;
    } catch (error) {
      // The owner of another data folder with a long path has just removed the folder that both use.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === LISTEN_TRIES) throw error;
    }
  }
  chmodSync(path, PRIVATE_FILE_MODE);
  return path;
}

/** Removes the socket, and its folder when nobody else's is in it. */
export function removeSocket(path: string, dataDir: string): void {
  rmSync(path, { force: true });
  if (dirname(path) === dataDir) return;
  try {
    rmdirSync(dirname(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error;
  }
}

function prepareSocketFolder(folder: string): void {
  makePrivateFolder(folder);
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
