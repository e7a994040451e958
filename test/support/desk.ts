/**
 * Where all test files ask for what they share and what is made only when somebody asks: a port of the loopback that
 * belongs to Vitest's own process. The answer is text; whoever asks while it is being made waits.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';

interface Answer {
  answer?: string;
  refused?: string;
}

/**
 * Opens one, and writes its port into the environment under this name.
 * @param make called once, when the first file asks
 * @returns what closes it
 */
export async function openDesk(name: string, make: () => Promise<string>): Promise<() => void> {
  let made: Promise<Answer> | undefined;
  const desk = createServer(async (socket) => {
    socket.on('error', () => undefined); // Whoever asked is gone.
    made ??= make().then(
      (answer) => ({ answer }),
      (error: Error) => ({ refused: error.message }),
    );
    socket.end(JSON.stringify(await made));
  });
  desk.listen(0, '127.0.0.1');
  await once(desk, 'listening');
  process.env[name] = String((desk.address() as AddressInfo).port);
  return () => desk.close();
}

/** Asks one. Throws what went wrong in the making. */
export async function askDesk(name: string): Promise<string> {
  const { answer, refused } = JSON.parse(await text(connect(Number(process.env[name]), '127.0.0.1'))) as Answer;
  if (answer === undefined) throw new Error(refused);
  return answer;
}
