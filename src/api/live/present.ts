/** How things stand at this moment: for whoever begins to watch, since the moment's figures are not told twice. */

import type { JobOwners } from '../../jobs/job-owners.ts';
import { jobStandings } from '../../jobs/standings.ts';
import { getActiveJobs } from '../../store/jobs.ts';
import type { ApiContext } from '../context.ts';
import { LiveEvent } from './live-event.ts';

const SECONDS_PER_MINUTE = 60;

export interface View {
  /** Undefined: all. */
  jobs: ReadonlySet<number> | undefined;
  userId: string | null;
}

export class Present {
  readonly #context: Pick<ApiContext, 'store' | 'hub' | 'queue'>;
  readonly #owners: JobOwners;
  readonly #ofNoJob: () => LiveEvent[];
  /** Jobs of which it was told why they wait; they may have stopped waiting since. */
  readonly #waited = new Set<number>();
  readonly #leave: () => void;

  /** @param ofNoJob what else is told to those who watch all */
  constructor(
    context: Pick<ApiContext, 'store' | 'hub' | 'queue'>,
    owners: JobOwners,
    ofNoJob: () => LiveEvent[] = () => [],
  ) {
    this.#context = context;
    this.#owners = owners;
    this.#ofNoJob = ofNoJob;
    this.#leave = context.hub.subscribeToAll(({ type, jobId }) => {
      if (type === 'waiting') this.#waited.add(jobId);
      if (type === 'state') this.#waited.delete(jobId);
    });
  }

  close(): void {
    this.#leave();
  }

  /**
   * Looks up what is to be said.
   * @param goesOn the states that the jobs are in were told already
   * @returns a function that gives the events with the figures of the moment in which it is called
   */
  async of({ jobs, userId }: View, goesOn: boolean): Promise<() => LiveEvent[]> {
    if (!jobs) {
      const shown = await this.#visible(userId);
      return () => [...shown.flatMap((id) => this.#figures(id)), ...this.#ofNoJob()];
    }
    const standings = await jobStandings(this.#context.store, [...jobs]);
    const seen = standings.filter(({ user_id }) => userId === null || user_id === userId);
    const missing = [...jobs].filter((id) => !seen.some((job) => job.id === id));
    return () => [
      ...missing.map((id) => problem(id)),
      ...seen.flatMap((job) => [
        ...(goesOn ? [] : [standing(job.id, job.status, job.paused_by)]),
        ...(job.duration_minutes > 0 ? [length(job.id, job.duration_minutes * SECONDS_PER_MINUTE)] : []),
        ...this.#figures(job.id),
      ]),
    ];
  }

  async #visible(userId: string | null): Promise<number[]> {
    const active = (await getActiveJobs(this.#context.store)).map(({ id }) => id);
    const all = [...new Set([...active, ...this.#waited])];
    const may = await Promise.all(all.map((id) => this.#owners.maySee(userId, id)));
    return all.filter((_, at) => may[at]);
  }

  #figures(jobId: number): LiveEvent[] {
    const { queue } = this.#context;
    const [progress, why] = [queue.progressOf(jobId), queue.whyWaiting(jobId)];
    return [
      ...(progress ? [new LiveEvent('progress', { type: 'progress', jobId, progress }, { jobId })] : []),
      ...(why === undefined ? [] : [new LiveEvent('waiting', { type: 'waiting', jobId, why }, { jobId })]),
    ];
  }
}

function standing(jobId: number, status: string, pausedBy: string | null): LiveEvent {
  return new LiveEvent('state', { type: 'state', jobId, status, pausedBy }, { jobId });
}

function length(jobId: number, seconds: number): LiveEvent {
  return new LiveEvent('length', { type: 'length', jobId, seconds }, { jobId });
}

function problem(jobId: number): LiveEvent {
  return new LiveEvent('problem', { type: 'problem', jobId, message: `There is no job ${jobId}.` }, { jobId });
}
