/** Clients that hold the line until their job is done. */
import type { FastifyReply } from 'fastify';
import { LonghandError } from '../../domain/errors.ts';
import { cancel } from '../../jobs/control.ts';
import { JobStateError, jobNotFound } from '../../jobs/errors.ts';
import { resume } from '../../jobs/resume.ts';
import type { Submitted } from '../../jobs/submit.ts';
import { getJob } from '../../store/jobs.ts';
import type { ApiContext } from '../context.ts';

type Job = NonNullable<Awaited<ReturnType<typeof getJob>>>;

/** The job has ended without a text. */
export class JobEndedError extends LonghandError {
  /** Sending the recording again would end the same way. */
  readonly final = true;
  readonly code: string;
  readonly statusCode: number;

  constructor({ id, status, error_kind, error_message, error_remedy }: Job) {
    const kind = error_kind ?? 'unknown';
    const message = status === 'cancelled' ? `Job ${id} was cancelled.` : (error_message ?? `Job ${id} has failed.`);
    super({ kind, message, ...(error_remedy ? { remedy: error_remedy } : {}) });
    this.code = status === 'cancelled' ? 'job_cancelled' : `job_failed_${kind}`;
    this.statusCode = status === 'cancelled' ? 409 : kind === 'input' ? 400 : 500;
  }
}

/** Nobody is left who waits. */
export class ClientGoneError extends Error {
  override name = 'ClientGoneError';
}

/** Aborted when the client goes away before its answer; not when this service ends and takes the connection along. */
export function whileConnected(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished && !closing.aborted) gone.abort(new ClientGoneError('The client is gone.'));
  });
  return gone.signal;
}

/** Who waits for which jobs, over this service's life. */
export class WaitingClients {
  readonly #context: ApiContext;
  readonly #counts = new Map<number, number>();
  /** Jobs that exist because one of these clients asked: they end with the last of them. */
  readonly #ours = new Set<number>();

  constructor(context: ApiContext) {
    this.#context = context;
  }

  /**
   * Resolves when a job is done. One that was handed in before and rests goes on. When the last client that waits for a job
   * goes away and the job was made for such a client, it is cancelled.
   * @param gone aborted when this client goes away
   * @throws JobEndedError; JobNotFoundError when it was deleted; the signal's reason
   */
  async done({ id, existed, duplicateOf }: Submitted, gone: AbortSignal): Promise<void> {
    if (!existed && !duplicateOf) this.#ours.add(id);
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    try {
      if (duplicateOf) await this.#goOn(id);
      await this.#ended(id, gone);
      this.#ours.delete(id);
    } finally {
      await this.#leave(id, gone);
    }
  }

  async #goOn(id: number): Promise<void> {
    const { store, hub } = this.#context;
    const job = await getJob(store, id);
    if (!job || job.status === 'completed') return;
    const from = await resume(store, id).catch((error) => {
      // It has changed just now; how it stands is looked at next.
      if (!(error instanceof JobStateError)) throw error;
    });
    if (from === undefined) return;
    if (from !== 'processing') hub.tell({ type: 'state', jobId: id, status: 'pending' });
    this.#context.want(id);
  }

  #ended(id: number, gone: AbortSignal): Promise<void> {
    const { store, hub } = this.#context;
    let unsubscribe = () => {};
    const over = new Promise<void>((resolve, reject) => {
      const look = async () => {
        const job = await getJob(store, id);
        if (!job) throw await jobNotFound(store, id);
        if (job.status === 'completed') resolve();
        if (job.status === 'failed' || job.status === 'cancelled') throw new JobEndedError(job);
      };
      const lookNow = () => void look().catch(reject);
      unsubscribe = hub.subscribe(id, ({ type }) => {
        if (type === 'state') lookNow();
      });
      if (gone.aborted) reject(gone.reason);
      gone.addEventListener('abort', () => reject(gone.reason), { once: true });
      lookNow();
    });
    return over.finally(() => unsubscribe());
  }

  async #leave(id: number, gone: AbortSignal): Promise<void> {
    const left = (this.#counts.get(id) ?? 1) - 1;
    if (left > 0) return void this.#counts.set(id, left);
    this.#counts.delete(id);
    if (!gone.aborted || !this.#ours.delete(id)) return;
    await this.#cancel(id);
  }

  async #cancel(id: number): Promise<void> {
    const { store, unwant, hub, queue } = this.#context;
    try {
      const { stopping } = await cancel({ store, stop: unwant }, id);
      if (!stopping) hub.tell({ type: 'state', jobId: id, status: 'cancelled' });
      queue.wake();
    } catch (error) {
      // It has come to its end meanwhile.
      if (!(error instanceof JobStateError)) throw error;
    }
  }
}
