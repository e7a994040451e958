/**
 * One PostgreSQL server for all test files: to make a cluster and start a server takes a second. It is started when the
 * first file asks for it, belongs to Vitest's own process, and is ended after the last test.
 */
import { askDesk, openDesk } from './desk.ts';
import { type ServerProcess, startServer } from './postgres-process.ts';

const DESK = 'TEST_POSTGRES_OF_LONGHAND';

/** Called by Vitest once, before the first test; what it returns is called after the last. */
export default async function prepare(): Promise<() => Promise<void>> {
  let starting: Promise<ServerProcess> | undefined;
  const close = await openDesk(DESK, async () => {
    starting = startServer();
    return String((await starting).port);
  });
  return async () => {
    close();
    await (await starting?.catch(() => undefined))?.stop();
  };
}

/** The port of the server that all test files share. */
export async function sharedPort(): Promise<number> {
  return Number(await askDesk(DESK));
}
