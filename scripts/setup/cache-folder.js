import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where models and built engines live, for all clones and data folders of a user. As in `src/config/paths.ts`; a test holds the two together. */
export function cacheFolder() {
  const { LONGHAND_CACHE: chosen, XDG_CACHE_HOME: xdg } = process.env;
  if (chosen) return resolve(chosen);
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/longhand');
  return join(xdg || join(homedir(), '.cache'), 'longhand');
}
