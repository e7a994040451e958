/** Where an owner answers: on the socket in its data folder, and over HTTP where it listens. */
import type { ApiContext } from './api/context.ts';
import { liveOf } from './api/live/live.ts';
import { buildServer } from './api/server.ts';
import { listenOn, removeSocket } from './api/socket.ts';
import type { Config } from './config/schema.ts';
import type { JobLog } from './logs/job-log.ts';
import type { OwnerWork } from './owner-work.ts';
import { explainedAddress } from './service/errors.ts';
import type { Service } from './service/service.ts';
import { VERSION } from './version.ts';

export interface OwnerServers {
  socketPath: string;
  /** Such as `http://127.0.0.1:7420`; undefined where it does not listen. */
  address: string | undefined;
  /** Nobody comes in over HTTP any more. */
  closeNetwork(): Promise<void>;
  /** Nor over the socket, which is removed. */
  closeSocket(): Promise<void>;
}

export interface ServerParts {
  service: Service;
  work: OwnerWork;
  log: JobLog;
  /** It answers over HTTP too. */
  listens: boolean;
}

/** @throws UsageError when the address cannot be had; then nothing listens */
export async function openServers(config: Config, context: ApiContext, parts: ServerParts): Promise<OwnerServers> {
  // The address first: when it cannot be had, nothing else has to be undone.
  const network = parts.listens ? await listenOnNetwork(config, context, parts) : undefined;
  const { dataDir } = config;
  const server = buildServer(context);
  const socketPath = await listenOn(server, dataDir).catch(async (error: unknown) => {
    await network?.close();
    throw error;
  });
  return {
    socketPath,
    address: network?.address,
    closeNetwork: async () => await network?.close(),
    async closeSocket() {
      await server.close();
      removeSocket(socketPath, dataDir);
    },
  };
}

async function listenOnNetwork(config: Config, context: ApiContext, { service, work, log }: ServerParts) {
  const [{ openMetrics }, { buildNetworkServer }] = await Promise.all([
    import('./metrics/open.ts'),
    import('./api/network.ts'),
  ]);
  const { hub, store, dataDir } = context;
  const { processes, counter, estimates, gate } = work;
  const metrics = openMetrics({
    ...{ version: VERSION, store, clock: context.queue.clock, dataDir, hub, processes, counter, estimates },
    pause: () => gate.pause(),
    isReady: async () => (await service.obstacles()).length === 0,
    streams: () => liveOf(context).sseClients,
    sockets: () => liveOf(context).sockets.size,
  });
  service.metrics = () => metrics.text();
  const network = await buildNetworkServer(context, {
    allowedHosts: config.allowedHosts,
    onRefusal: (what: string) => log.write('WARNING', 'doors', what),
  });
  const close = async () => {
    metrics.close();
    await network.close();
  };
  const address = await network.listen({ host: config.host, port: config.port }).catch(async (error: unknown) => {
    await close();
    throw explainedAddress(error, config);
  });
  return { address, close };
}
