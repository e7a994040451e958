/** What the routes need from the owner. */
import type {} from 'fastify';
import type { ZodType } from 'zod';
import { LonghandError } from '../domain/errors.ts';
import type { StopReason } from '../domain/outcome.ts';
import type { Media } from '../jobs/media.ts';
import type { NotificationControl } from '../jobs/notifications.ts';
import type { QueueContext } from '../jobs/queue-view.ts';
import type { SubmitContext } from '../jobs/submit.ts';
import type { Health } from '../supervisor/health.ts';
import type { ProcessStatus } from '../supervisor/process-manager.ts';
import type { RoundReport } from '../supervisor/rounds.ts';
import type { NewsHub } from './events.ts';
import type { Intake } from './intake.ts';
import type { LiveOptions } from './live/live.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { ToldSetting } from './schemas/service.ts';
import type { ServiceContext } from './service.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Bodies that the route reads by itself while they come, by their media types: told in the document, not checked. */
    reads?: Readonly<Record<string, ZodType>>;
  }
}

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
  intake: Intake;
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
  unwant(jobId: number, why: StopReason, graceMs?: number, by?: string): boolean;
  /** Resolves when nobody works on the job here any more. */
  settled(jobId: number): Promise<void>;
  /** The queue as a whole. */
  queue: QueueControl;
  /** Tells others of the ends of jobs; nothing: nobody is told anything here. */
  notifications?: NotificationControl;
  /** What the system says of the process that works on a job. */
  processStatus(jobId: number): Promise<ProcessStatus>;
  health(): Promise<Health>;
  /** The models of this machine. */
  models: ModelShelf;
  /** What players need. */
  media: Media;
  /** The recording that ships with Longhand. */
  sampleRecording: string;
  /** Memory that a job could have, measured now. */
  memory(): { freeBytes: number; limitBytes: number };
  /** Every setting as it may be shown. */
  toldSettings(): ToldSetting[];
  /** Ends orphans and removes what nobody needs, now. */
  cleanup(): Promise<RoundReport>;
  /** How streams and sockets behave. */
  live?: LiveOptions;
  /** Of the process behind the routes; where it is not given, nothing is told of it. */
  service?: ServiceContext;
}

/** The owner is about to end; the client tries again and may become the owner itself. */
export class OwnerLeavingError extends LonghandError {
  readonly statusCode = 503;
  readonly code = 'owner_leaving';

  constructor() {
    super({ kind: 'unknown', message: 'This process is about to end and takes no jobs.', remedy: 'Try again.' });
  }
}
