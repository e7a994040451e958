/** A whole service of a test's own, in this process: real owner, real store, real sockets. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../../src/api/client.ts';
import { type Owner, startOwner } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { scratchPath } from '../support/scratch.ts';

let services = 0;

export interface Service {
  /** Such as `http://127.0.0.1:34567`. */
  address: string;
  /** Over the socket, as the owner of the data folder. */
  api: ApiClient;
  dataDir: string;
  stop(): Promise<void>;
}

/** Starts it on a free port. Nothing is downloaded: the source of models is a port on which nobody listens. */
export async function startService(env: NodeJS.ProcessEnv = {}): Promise<Service> {
  services += 1;
  const folder = scratchPath(`service-${services}`);
  mkdirSync(folder);
  const file = join(folder, 'config.toml');
  writeFileSync(file, '');
  const { config } = loadConfig(
    { dataDir: join(folder, 'data'), cacheDir: join(folder, 'cache'), port: 0, modelMirror: 'http://127.0.0.1:9' },
    { LONGHAND_CONFIG: file, ...env },
  );
  const owner = (await startOwner(config, {
    ...{ acceptsJobs: true, takesAll: true, listens: true },
    onWarning: () => undefined,
  })) as Owner;
  return {
    address: owner.address as string,
    api: new ApiClient(owner.socketPath),
    dataDir: config.dataDir,
    stop: () => owner.close(),
  };
}
