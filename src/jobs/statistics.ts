import type { ErrorKind } from '../domain/errors.ts';
import { JOB_STATUSES, type JobStatus } from '../domain/job.ts';
import { failuresByKind, type StatusSum, sumsByDay, sumsByStatus } from '../store/statistics.ts';
import type { Store } from '../store/store.ts';

/** Figures of all jobs take long to add up where there are many; they may be as old as this. */
const FRESH_MS = 60_000;
const DAY_MS = 86_400_000;
/** Different questions that are kept in mind: users, times the days that they ask for. */
const MOST_KEPT = 100;

/** Durations are seconds. */
export interface Statistics {
  /** ISO 8601. */
  at: string;
  jobs: { total: number; byStatus: Record<JobStatus, number> };
  /** Of all completed jobs: the length of their recordings, and the time worked on them. */
  audioSeconds: number;
  workSeconds: number;
  /** Seconds of recording per second of work; null before there is any. */
  speed: number | null;
  /** Completed jobs of those that ended completed or failed, 0 to 1; null before there is one. */
  successRate: number | null;
  /** The most frequent first. */
  failures: { kind: ErrorKind; count: number }[];
  /** By the day on which jobs were created, the oldest first; UTC. */
  days: { date: string; created: number; completed: number; failed: number; audioSeconds: number }[];
}

/** What the jobs of a store come to. */
export class StatisticsOfJobs {
  readonly #store: Store;
  readonly #known = new Map<string, { at: number; statistics: Promise<Statistics> }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @param days so many days are told one by one, today among them
   * @param userId whose jobs; undefined: everybody's
   */
  async of({ days, userId }: { days: number; userId?: string | undefined }): Promise<Statistics> {
    const key = JSON.stringify([days, userId]);
    const now = this.#store.clock.monotonicMs();
    const known = this.#known.get(key);
    if (known && now - known.at <= FRESH_MS) return await known.statistics;
    const statistics = this.#gather(days, userId);
    this.#known.delete(key);
    this.#known.set(key, { at: now, statistics });
    if (this.#known.size > MOST_KEPT) this.#known.delete(this.#known.keys().next().value as string);
    statistics.catch(() => this.#known.delete(key));
    return await statistics;
  }

  async #gather(days: number, userId: string | undefined): Promise<Statistics> {
    const now = this.#store.clock.now();
    const since = (Math.floor(now / DAY_MS) - days + 1) * DAY_MS;
    const sums = await sumsByStatus(this.#store, userId);
    const failures = await failuresByKind(this.#store, userId);
    const byDay = await sumsByDay(this.#store, since, userId);
    const countOf = (status: JobStatus) => sums.find((sum) => sum.status === status)?.count ?? 0;
    const [done, failed] = [sums.find(({ status }) => status === 'completed'), countOf('failed')];
    return {
      at: new Date(now).toISOString(),
      jobs: {
        total: sums.reduce((total, { count }) => total + count, 0),
        byStatus: Object.fromEntries(JOB_STATUSES.map((status) => [status, countOf(status)])) as Record<
          JobStatus,
          number
        >,
      },
      audioSeconds: done?.audioSeconds ?? 0,
      workSeconds: done?.workSeconds ?? 0,
      speed: speedOf(done),
      successRate: done ? done.count / (done.count + failed) : failed > 0 ? 0 : null,
      failures,
      days: Array.from({ length: days }, (_, index) => {
        const at = since + index * DAY_MS;
        const { created, completed, failed: lost, audioSeconds } = byDay.find((day) => day.at === at) ?? NOTHING;
        return { date: new Date(at).toISOString().slice(0, 10), created, completed, failed: lost, audioSeconds };
      }),
    };
  }
}

const NOTHING = { created: 0, completed: 0, failed: 0, audioSeconds: 0 };

function speedOf(done: StatusSum | undefined): number | null {
  return done && done.workSeconds > 0 ? done.audioSeconds / done.workSeconds : null;
}
