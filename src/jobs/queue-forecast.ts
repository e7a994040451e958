/**
 * Lays the work of a queue out over time: what each job takes is learned from runs (`estimates.ts`), how long those that
 * run still take is what their runners say, and `domain/estimate.ts` puts them one after the other.
 */
import type { Clock } from '../domain/clock.ts';
import { type JobOutlook, queueForecast, slowdownOnCores } from '../domain/estimate.ts';
import { type QuietHours, type WorkCalendar, workCalendar } from '../domain/quiet-hours.ts';
import { PROGRESS_MARKS } from '../domain/stage.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import { type QueuedJob, type WaitingGroup, type WaitingJob, waitingAmong } from '../store/queue-outlook.ts';
import type { Store } from '../store/store.ts';
import { type Estimates, START_SECONDS } from './estimates.ts';

const SECONDS_PER_MINUTE = 60;

/** What the owner knows of its queue. */
export interface QueueContext {
  store: Store;
  clock: Clock;
  estimates: Estimates;
  /** MAX_CONCURRENT_TRANSCRIPTIONS. */
  maxConcurrent: number;
  /** Times of day at which jobs may run; undefined: always. */
  quietHours?: QuietHours | undefined;
  /** In which times are told; that of the quiet hours, or of this machine, when not given. */
  timeZone?: string | undefined;
  /** The jobs that may run; undefined: all that wait. */
  wanted?(): readonly number[] | undefined;
  /** Why a job that waits does not run, beyond that others come first. */
  whyWaiting(jobId: number): string | undefined;
  /** How far a job in work is, as its runner says. */
  progressOf(jobId: number): ProgressReport | undefined;
}

/** Stands for the number of a job that does not exist yet. */
export const NEWCOMER = 0;

/** The queue as the store has it. */
export interface Queued {
  now: number;
  atWork: readonly QueuedJob[];
  head: readonly WaitingJob[];
  /** Those that come back by themselves. */
  others: readonly WaitingJob[];
  /** All that wait to be claimed. */
  pending: number;
  /** A job that might be handed in, with the number `NEWCOMER`. */
  newcomer?: WaitingJob;
}

export interface Forecast {
  jobs: Map<number, JobOutlook>;
  /** Undefined when nothing runs or waits, or nobody can tell. */
  endsInSeconds: number | undefined;
}

/** When each job is expected to start and to end, and when the last one does. */
export async function forecast(context: QueueContext, queued: Queued): Promise<Forecast> {
  const { store, estimates, maxConcurrent, wanted } = context;
  const { now, atWork, head, others, pending, newcomer } = queued;
  const lengths = new WorkLengths(estimates);
  const asked = wanted?.();
  const first = asked ? await waitingAmong(store, asked) : head;
  const groups = !asked && pending > head.length ? await estimates.waitingInSum() : [];
  const place = newcomer ? first.findLastIndex(({ priority }) => priority >= newcomer.priority) + 1 : 0;
  // Behind a head that does not show all, it comes after what is not shown either.
  const isLast = groups.length > 0 && place === first.length;
  const between = newcomer && !isLast ? [newcomer] : [];
  const goOn = others.filter(({ id }) => !asked || asked.includes(id));
  const upcoming = [...first.slice(0, place), ...between, ...first.slice(place), ...goOn];

  const wantedCores = [...atWork, ...upcoming].map((job) => estimates.coresOf(job));
  const perJob = wantedCores.reduce((sum, each) => sum + each, 0) / Math.max(1, wantedCores.length);
  const slowdown = slowdownOnCores(estimates.cores, perJob);
  const slowNow = slowdown(atWork.length);

  const seconds = await Promise.all(upcoming.map((job) => lengths.of(job)));
  const left = await Promise.all(
    atWork.map(async (job) => {
      const told = context.progressOf(job.id)?.secondsLeft;
      // What a runner says is how long it takes beside those that run now.
      return told === undefined ? await lengths.of(job) : told / slowNow;
    }),
  );
  const tail = await restOfQueue(groups, head, lengths);
  const known = [...seconds, ...left].filter((each) => each !== undefined);
  const mean = tail?.mean ?? (known.length > 0 ? known.reduce((sum, each) => sum + each, 0) / known.length : undefined);
  if (mean === undefined) return { jobs: new Map(), endsInSeconds: undefined };

  return queueForecast<number>({
    concurrency: maxConcurrent,
    running: atWork.map(({ id }, index) => ({ id, secondsLeft: left[index] ?? mean })),
    waiting: [
      ...upcoming.map(({ id }, index) => ({ id, seconds: seconds[index] ?? mean })),
      // As many jobs as run at once share what is not told one by one; no job has such an id.
      ...Array.from({ length: tail ? maxConcurrent : 0 }, (_, index) => ({
        id: -1 - index,
        seconds: ((tail?.known ?? 0) + (tail?.unknown ?? 0) * mean) / maxConcurrent,
      })),
      ...(newcomer && isLast ? [{ id: newcomer.id, seconds: (await lengths.of(newcomer)) ?? mean }] : []),
    ],
    slowdown,
    ...calendarOf(context, now),
  });
}

function calendarOf({ quietHours }: QueueContext, now: number): { calendar?: WorkCalendar } {
  return quietHours ? { calendar: workCalendar(quietHours, now) } : {};
}

interface Rest {
  /** Seconds of work of the jobs of known length. */
  known: number;
  /** How many others there are. */
  unknown: number;
  /** Of all jobs of known length, in seconds of work. */
  mean: number | undefined;
}

/** What is behind the head: all that wait, less the head. */
async function restOfQueue(
  groups: readonly WaitingGroup[],
  head: readonly WaitingJob[],
  lengths: WorkLengths,
): Promise<Rest | undefined> {
  if (groups.length === 0) return undefined;
  let [all, known, unknown] = [0, 0, 0];
  for (const group of groups) {
    all += await lengths.ofMany(group, group.known, group.minutes * SECONDS_PER_MINUTE);
    known += group.known;
    unknown += group.count - group.known;
  }
  let rest = all;
  for (const job of head) {
    if (job.duration_minutes > 0) rest -= await lengths.ofMany(job, 1, job.duration_minutes * SECONDS_PER_MINUTE);
    else unknown -= 1;
  }
  return { known: Math.max(0, rest), unknown: Math.max(0, unknown), mean: known > 0 ? all / known : undefined };
}

type Speed = Pick<QueuedJob, 'engine' | 'model' | 'processes' | 'workers'> & { smaller_model?: string | null };

/** Seconds of work of jobs, by what was learned. */
class WorkLengths {
  readonly #estimates: Estimates;

  constructor(estimates: Estimates) {
    this.#estimates = estimates;
  }

  /** What is left of a job with the machine to itself; undefined when its length is not known. */
  async of(job: QueuedJob): Promise<number | undefined> {
    if (job.duration_minutes <= 0) return undefined;
    return await this.ofMany(job, 1, job.duration_minutes * SECONDS_PER_MINUTE * shareLeft(job.progress));
  }

  /** Of some jobs with so many seconds of recording together. */
  async ofMany(job: Speed, count: number, audioSeconds: number): Promise<number> {
    const { factor } = await this.#estimates.learned({ ...job, model: job.smaller_model ?? job.model });
    return count * START_SECONDS + audioSeconds * factor;
  }
}

/** The share of a recording that is not text yet, from the progress between its marks. */
function shareLeft(percent: number): number {
  const [from, to] = [PROGRESS_MARKS.segments.percent, PROGRESS_MARKS.finalizing.percent];
  return 1 - Math.min(1, Math.max(0, (percent - from) / (to - from)));
}
