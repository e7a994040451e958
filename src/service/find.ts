import { ApiClient, OwnerGoneError } from '../api/client.ts';
import type { ServiceFacts } from '../api/service.ts';
import { socketPathFor } from '../api/socket-path.ts';
import type { ProcessIdentity } from '../supervisor/identity.ts';
import { readServiceFile } from './service-file.ts';

/** A process that lives answers at once, however much it works: the work is done in other processes. */
const ANSWER_MS = 5_000;

/** Who works with a data folder. */
export type Found =
  /** Somebody does, and says so. */
  | { state: 'answers'; facts: ServiceFacts; api: ApiClient }
  /** Somebody does and says nothing: it starts, ends, was stopped, or hangs. Who, where that is known. */
  | { state: 'silent'; process: ProcessIdentity | undefined }
  | { state: 'nobody' };

/** Asks who works with a data folder. Never becomes its owner, and changes nothing. */
export async function findOwner(dataDir: string): Promise<Found> {
  const api = new ApiClient(socketPathFor(dataDir));
  try {
    return {
      state: 'answers',
      facts: await api.get<ServiceFacts>('/api/service', AbortSignal.timeout(ANSWER_MS)),
      api,
    };
  } catch (error) {
    const isSilent = (error as Error).name === 'TimeoutError';
    if (!isSilent && !(error instanceof OwnerGoneError)) throw error;
    const service = readServiceFile(dataDir)?.process;
    return isSilent || service ? { state: 'silent', process: service } : { state: 'nobody' };
  }
}

/** `longhand watch (process 123)`: how an owner is called in a sentence. */
export function nameOf({ command, process }: Pick<ServiceFacts, 'command' | 'process'>): string {
  return `${command === null ? 'A program' : `longhand ${command}`} (process ${process.pid})`;
}

/** Whether it is the service, and not another command that works with the folder. */
export function isService({ command }: Pick<ServiceFacts, 'command'>): boolean {
  return command === 'serve';
}
