/** Clients of one stream of events, in a process of their own: they take no time from the process that measures. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** What one client got. */
export interface Received {
  /** The pieces in which it came, in words. */
  text: string;
  /** Where in the text each piece ends, and when it came, in milliseconds since the epoch. */
  pieces: { end: number; at: number }[];
  connectedAt: number;
}

type Order = { watch: { url: string; clients: number } } | { until: string };
type Answer = 'connected' | { received: Received[] } | { problem: string };

const ROLE = 'LONGHAND_BENCH_CLIENTS';

export class EventClients {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when all of them are connected. */
  static async watch(url: string, clients: number): Promise<EventClients> {
    const program = process.argv[1] as string;
    const child = fork(program, { env: { ...process.env, [ROLE]: 'yes' }, serialization: 'advanced' });
    const all = new EventClients(child);
    await all.#ask({ watch: { url, clients } });
    return all;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves when each of them has got this, with all that they got; then they are gone. */
  async until(said: string): Promise<Received[]> {
    const answer = await this.#ask({ until: said });
    await this.end();
    return (answer as { received: Received[] }).received;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    if (this.#child.connected) this.#child.disconnect();
    await once(this.#child, 'exit');
  }

  async #ask(order: Order): Promise<Answer> {
    const answered = new Promise<Answer>((resolve, reject) => {
      this.#child.once('message', resolve);
      this.#child.once('exit', () => reject(new Error('The clients ended.')));
    });
    this.#child.send(order);
    const answer = await answered;
    if (typeof answer === 'object' && 'problem' in answer) throw new Error(answer.problem);
    return answer;
  }
}

/** Whether this process was started to be the clients; then it is them until it is ended. */
export function isClients(): boolean {
  if (process.env[ROLE] === undefined) return false;
  let watchers: Watching[] = [];
  const say = (answer: Answer) => process.send?.(answer);
  process.on('disconnect', () => process.exit());
  process.on('message', async (order: Order) => {
    try {
      if ('watch' in order) {
        const { url, clients } = order.watch;
        watchers = await Promise.all(Array.from({ length: clients }, () => Watching.connect(url)));
        say('connected');
      } else {
        await Promise.all(watchers.map((one) => one.until(order.until)));
        say({ received: watchers.map((one) => one.received) });
      }
    } catch (error) {
      say({ problem: (error as Error).message });
    }
  });
  return true;
}

/** One of them. It looks at what came only when it is asked to, so that it hardly takes time while it is measured. */
class Watching {
  readonly #request: ClientRequest;
  readonly #pieces: { bytes: Buffer; at: number }[] = [];
  readonly #connectedAt = Date.now();
  #look: (() => void) | undefined;
  #failure: string | undefined;

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    const fail = (why: string) => {
      this.#failure ??= why;
      this.#look?.();
    };
    response.on('data', (bytes: Buffer) => {
      this.#pieces.push({ bytes, at: Date.now() });
      this.#look?.();
    });
    response.on('end', () => fail('A stream was ended by the service.'));
    response.on('error', ({ message }) => fail(`A stream was lost: ${message}`));
  }

  static async connect(url: string): Promise<Watching> {
    const request = get(url, { agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    if (response.statusCode === 200) return new Watching(request, response);
    throw new Error(`${url} answered ${response.statusCode}: ${await text(response)}`);
  }

  get received(): Received {
    let end = 0;
    const pieces = this.#pieces.map(({ bytes, at }) => {
      end += bytes.length;
      return { end, at };
    });
    return { text: this.#text, pieces, connectedAt: this.#connectedAt };
  }

  async until(said: string): Promise<void> {
    while (!this.#text.includes(said)) {
      if (this.#failure) throw new Error(this.#failure);
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
    this.#request.destroy();
  }

  get #text(): string {
    return Buffer.concat(this.#pieces.map(({ bytes }) => bytes)).toString('latin1');
  }
}
