/** The API of the owner of a data folder, over its socket. One set of routes for every client. */
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { LonghandError, UsageError } from '../domain/errors.ts';
import type { StopReason } from '../domain/outcome.ts';
import type { QueueContext } from '../jobs/queue-view.ts';
import type { SubmitContext } from '../jobs/submit.ts';
import type { Health } from '../supervisor/health.ts';
import type { ProcessStatus } from '../supervisor/process-manager.ts';
import type { RoundReport } from '../supervisor/rounds.ts';
import type { NewsHub } from './events.ts';
import { sendProblem } from './problem.ts';
import { auditRoutes } from './routes/audit.ts';
import { controlRoutes } from './routes/control.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { logRoutes } from './routes/logs.ts';
import { queueRoutes } from './routes/queue.ts';
import { transcriptRoutes } from './routes/transcripts.ts';
import { watchedRoutes } from './routes/watched.ts';

/** What the owner knows of its queue beyond the store, and can do with it. */
export interface QueueControl extends Omit<QueueContext, 'store'> {
  /** When the time of day lets work go on, in milliseconds since the epoch; undefined while it does. */
  opensAt(): number | undefined;
  /** Something has changed in the store: there may be a job to start, or none any more. */
  wake(): void;
  /** The queue was resumed: what was paused with it goes on. */
  goOn(): Promise<void>;
  /** Asks all running jobs to pause at their checkpoints until the queue is resumed. */
  pauseRunning(): void;
}

/** What the routes need from the owner. */
export interface ApiContext extends SubmitContext {
  hub: NewsHub;
  dataDir: string;
  /** False for a command that is about to end: it hands no work to processes that nobody would wait for. */
  acceptsJobs: boolean;
  /**
   * Keeps a place for a job that is being handed in, where the queue is switched off.
   * @returns a function that gives it back: as soon as the job is wanted, or was refused
   * @throws QueueOffError when the job could not start at once
   */
  reservePlace(): Promise<() => void>;
  /** This job shall run. */
  want(jobId: number): void;
  /** This job shall not run any more. @returns whether it is being worked on and was asked to stop */
  unwant(jobId: number, why: StopReason, graceMs?: number): boolean;
  /** Resolves when nobody works on the job here any more. */
  settled(jobId: number): Promise<void>;
  /** The queue as a whole. */
  queue: QueueControl;
  /** What the system says of the process that works on a job. */
  processStatus(jobId: number): Promise<ProcessStatus>;
  health(): Promise<Health>;
  /** Ends orphans and removes what nobody needs, now. */
  cleanup(): Promise<RoundReport>;
}

/** The owner is about to end; the client tries again and may become the owner itself. */
export class OwnerLeavingError extends LonghandError {
  readonly statusCode = 503;
  readonly code = 'owner_leaving';

  constructor() {
    super({ kind: 'unknown', message: 'This process is about to end and takes no jobs.', remedy: 'Try again.' });
  }
}

/** Builds the server; nothing listens yet. */
export function buildServer(context: ApiContext): FastifyInstance {
  const server = Fastify({ logger: false, forceCloseConnections: true });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler((error, _request, reply) => sendProblem(reply, inWords(error)));
  server.setNotFoundHandler((request, reply) => {
    const error = Object.assign(new UsageError(`There is nothing at ${request.method} ${request.url}.`), {
      statusCode: 404,
    });
    return sendProblem(reply, error);
  });
  server.get('/livez', () => ({ status: 'alive' }));
  jobRoutes(server, context);
  controlRoutes(server, context);
  queueRoutes(server, context);
  auditRoutes(server, context);
  eventRoutes(server, context);
  watchedRoutes(server, context);
  transcriptRoutes(server, context);
  logRoutes(server, context);
  healthRoutes(server, context);
  return server;
}

interface FrameworkError {
  message: string;
  statusCode?: number;
  validation?: { instancePath: string; message?: string }[];
}

/** What the framework says of a request that it refuses, as a sentence of ours. Other errors stay as they are. */
function inWords(error: unknown): unknown {
  if (error instanceof LonghandError) return error;
  const { message, statusCode = 500, validation } = error as FrameworkError;
  if (validation) {
    const faults = validation.map(({ instancePath, message: fault }) =>
      [instancePath.slice(1).replaceAll('/', '.'), fault].filter(Boolean).join(': '),
    );
    return new UsageError(`The request is not valid: ${faults.join('; ')}.`);
  }
  if (statusCode >= 500) return error;
  return Object.assign(new UsageError(`The request is not valid: ${message}.`), { statusCode });
}
