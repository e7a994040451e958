/**
 * One PostgreSQL server for all test files: to make a cluster and start a server takes a second. It is started when the
 * first file asks for it, belongs to Vitest's own process, and is ended after the last test.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ServerProcess, startServer } from './postgres-process.ts';

/** Where the tests ask for the server: a port of the loopback, which answers with the server's port. */
const ASK_AT = 'TEST_POSTGRES_OF_LONGHAND';

/** Called by Vitest once, before the first test; what it returns is called after the last. */
export default async function prepare(): Promise<() => Promise<void>> {
  let starting: Promise<ServerProcess> | undefined;
  const desk = createServer(async (socket) => {
    socket.on('error', () => undefined);
    starting ??= startServer();
    socket.end(
      await starting.then(
        ({ port }) => String(port),
        (error: Error) => error.message,
      ),
    );
  });
  desk.listen(0, '127.0.0.1');
  await once(desk, 'listening');
  process.env[ASK_AT] = String((desk.address() as AddressInfo).port);
  return async () => {
    desk.close();
    await (await starting?.catch(() => undefined))?.stop();
  };
}

/** The port of the server that all test files share. */
export async function sharedPort(): Promise<number> {
  const answer = await text(connect(Number(process.env[ASK_AT]), '127.0.0.1'));
  const port = Number(answer);
  if (!Number.isInteger(port)) throw new Error(answer);
  return port;
}
