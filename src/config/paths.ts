import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = NodeJS.ProcessEnv;

/**
 * Where a program keeps its things on this platform: the XDG base directory specification on Linux and other Unix
 * systems, Apple's Library folders on macOS.
 */
export function platformFolders(env: Env, platform: NodeJS.Platform = process.platform, home: string = homedir()) {
  if (platform === 'darwin') {
    const library = join(home, 'Library');
    const support = join(library, 'Application Support', 'longhand');
    return { data: support, cache: join(library, 'Caches', 'longhand'), config: support };
  }
  const xdg = (variable: string, ...fallback: string[]) => join(env[variable] || join(home, ...fallback), 'longhand');
  return {
    data: xdg('XDG_DATA_HOME', '.local', 'share'),
    cache: xdg('XDG_CACHE_HOME', '.cache'),
    config: xdg('XDG_CONFIG_HOME', '.config'),
  };
}
