/**
 * The queue as people see it: what runs, what waits, when each is expected to start and to be done.
 *
 * The order is the store's, the times are forecast (`queue-forecast.ts`). Of a long queue the head is told job by job, and
 * the rest counts as a sum.
 */
import type { JobOutlook } from '../domain/estimate.ts';
import { isOpen, nextChange } from '../domain/quiet-hours.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import { jobStandings } from '../store/job-standings.ts';
import {
  countWaiting,
  headOfQueue,
  type JobAtWork,
  jobsAtWork,
  jobsToGoOn,
  jobsToRetry,
  type QueuedJob,
  type WaitingJob,
} from '../store/queue-outlook.ts';
import { type QueuePause, queuePause } from '../store/queue-state.ts';
import { forecast, type QueueContext } from './queue-forecast.ts';

export type { QueueContext } from './queue-forecast.ts';

/** Jobs that wait are told one by one up to this many. */
export const SHOWN = 1000;
/** Behind so many waiting jobs one user's are not looked for. */
const MOST_LOOKED_AT = 10_000;

/** Times are ISO 8601; null where nobody can tell. */
export interface QueueView {
  /** Nobody starts a job while this is not null. */
  paused: { by: 'user' | 'disk'; reason: string | null; since: string } | null;
  /** While the hours for work are over: when they begin again. */
  opensAt: string | null;
  /** When the last job is expected to be done. */
  endsAt: string | null;
  endsInSeconds: number | null;
  /** Jobs that wait, shown below or not. */
  total: number;
  /** Jobs of other users that run and that wait, of which no more is told; not there for who sees all. */
  others?: { running: number; waiting: number };
  running: RunningView[];
  /** In the order in which they are expected to start. */
  waiting: WaitingView[];
}

export interface RunningView {
  id: number;
  filename: string;
  /** The number of its run. Above 1 it was resumed: an earlier run ended before the job was done. */
  run: number;
  /** 0 to 100. */
  progress: number;
  stage: string;
  /** Seconds of speech per second; 0 before that is known. */
  speed: number;
  chunk?: number;
  chunks?: number;
  secondsLeft: number | null;
  endsAt: string | null;
}

export interface WaitingView {
  id: number;
  filename: string;
  /** `paused`: by the time of day or with the queue; it goes on by itself. */
  status: 'pending' | 'retrying' | 'paused';
  /** 1 is next. Jobs that wait for their next try come last until that is due. */
  position: number;
  priority: number;
  startsAt: string | null;
  endsAt: string | null;
  /** Why it does not run, beyond that others come first. */
  why: string | null;
}

/**
 * The queue as it is now.
 * @param limit at most so many waiting jobs are told one by one
 */
export async function queueView(context: QueueContext, { limit = SHOWN } = {}): Promise<QueueView> {
  const { store, clock, quietHours } = context;
  const now = clock.now();
  const [pause, atWork, head, toGoOn, toRetry] = await Promise.all([
    queuePause(store),
    jobsAtWork(store),
    headOfQueue(store, limit),
    jobsToGoOn(store, limit),
    jobsToRetry(store, limit),
  ]);
  const pending = head.length < limit ? head.length : await countWaiting(store);
  const outlook = await forecast(context, { now, atWork, head, others: [...toGoOn, ...toRetry], pending });
  // Jobs that are in work go on being so while their pause is on its way.
  const ahead = pause ? undefined : outlook;
  const iso = (seconds: number | undefined) =>
    seconds === undefined ? null : new Date(now + seconds * 1000).toISOString();
  const opensAt = quietHours && !isOpen(quietHours, now) ? nextChange(quietHours, now) : undefined;
  const why = whyOf(context, pause, opensAt, now);
  const waiting = [...head, ...toGoOn, ...toRetry].map((job, index): WaitingView => {
    const at = ahead?.jobs.get(job.id);
    return {
      id: job.id,
      filename: job.filename,
      status: job.status as WaitingView['status'],
      // The head is shown whole or has all there is to show; what comes behind it counts on.
      position: index < head.length ? index + 1 : pending + index - head.length + 1,
      priority: job.priority,
      startsAt: iso(at && Math.max(at.startsInSeconds, (job.not_before - now) / 1000)),
      endsAt: iso(at && at.endsInSeconds + Math.max(0, (job.not_before - now) / 1000 - at.startsInSeconds)),
      why: why(job),
    };
  });
  return {
    paused: pause ? { by: pause.by, reason: pause.reason, since: new Date(pause.at).toISOString() } : null,
    opensAt: opensAt === undefined ? null : new Date(opensAt).toISOString(),
    endsAt: iso(ahead?.endsInSeconds),
    endsInSeconds: ahead?.endsInSeconds ?? null,
    total: pending + toGoOn.length + toRetry.length,
    running: atWork.map((job) => runningView(job, context.progressOf(job.id), outlook.jobs.get(job.id), iso)),
    waiting: waiting.slice(0, limit),
  };
}

/** The queue as one user may see it: the own jobs, each at its place among all, and how many others there are. */
export async function queueViewOf(
  context: QueueContext,
  userId: string | null,
  { limit = SHOWN } = {},
): Promise<QueueView> {
  if (userId === null) return await queueView(context, { limit });
  const view = await queueView(context, { limit: MOST_LOOKED_AT });
  const told = [...view.running, ...view.waiting].map(({ id }) => id);
  const own = new Set<number>();
  for (const { id, user_id } of await jobStandings(context.store, told)) if (user_id === userId) own.add(id);
  const running = view.running.filter(({ id }) => own.has(id));
  const waiting = view.waiting.filter(({ id }) => own.has(id));
  const others = { running: view.running.length - running.length, waiting: view.total - waiting.length };
  return { ...view, others, running, waiting: waiting.slice(0, limit) };
}

/** When a job is expected to start and to be done. */
export interface JobTimes {
  /** Seconds until it is done, while it is worked on. */
  secondsLeft: number | null;
  startsAt: string | null;
  endsAt: string | null;
  /** Why it does not run, beyond that others come first. */
  why: string | null;
}

/** What the queue's view says of one job; nothing of one that rests, or that waits far behind. */
export async function timesOf(
  context: QueueContext,
  { id, status }: Pick<QueuedJob, 'id' | 'status'>,
): Promise<JobTimes> {
  const none = { secondsLeft: null, startsAt: null, endsAt: null, why: null };
  if (status === 'completed' || status === 'failed' || status === 'cancelled') return none;
  const { running, waiting } = await queueView(context);
  const runs = running.find((job) => job.id === id);
  if (runs) return { ...none, secondsLeft: runs.secondsLeft, endsAt: runs.endsAt };
  const waits = waiting.find((job) => job.id === id);
  return waits ? { ...none, startsAt: waits.startsAt, endsAt: waits.endsAt, why: waits.why } : none;
}

function runningView(
  job: JobAtWork,
  live: ProgressReport | undefined,
  outlook: JobOutlook | undefined,
  iso: (seconds: number | undefined) => string | null,
): RunningView {
  return {
    id: job.id,
    filename: job.filename,
    run: job.run ?? 1,
    progress: Math.max(job.progress, live?.percent ?? 0),
    stage: live?.stage ?? job.progress_stage,
    speed: live?.speed ?? job.speed,
    ...(live?.chunks === undefined ? {} : { chunk: live.chunk ?? 0, chunks: live.chunks }),
    secondsLeft: leastOf(live?.secondsLeft, outlook?.endsInSeconds) ?? null,
    endsAt: iso(outlook?.endsInSeconds),
  };
}

/**
 * A runner reckons with the jobs beside it as they are now; the forecast knows when they end, but counts hours in which
 * nobody works.
 */
function leastOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** What all that wait have in common is said of each: whoever asks for one job hears it too. */
function whyOf(
  { clock, quietHours, timeZone = quietHours?.timeZone, wanted, whyWaiting }: QueueContext,
  pause: QueuePause | undefined,
  opensAt: number | undefined,
  now: number,
): (job: WaitingJob) => string | null {
  const asked = wanted?.();
  const isWanted = asked && new Set(asked);
  return (job) => {
    if (pause) return `The queue is paused${pause.reason ? `: ${pause.reason}` : ''}.`;
    if (opensAt !== undefined) return `The hours for work begin at ${timeOf(opensAt, timeZone)}.`;
    if (isWanted && !isWanted.has(job.id)) return `Nobody has asked for it. Go on with: longhand resume ${job.id}`;
    if (job.status === 'retrying') {
      return job.not_before > clock.now()
        ? `It is tried again at ${timeOf(job.not_before, timeZone)}, after an error.`
        : 'It is tried again after an error.';
    }
    const told = whyWaiting(job.id);
    if (told !== undefined) return told;
    return job.not_before > now ? `It may start at ${timeOf(job.not_before, timeZone)}.` : null;
  };
}

function timeOf(ms: number, timeZone: string | undefined): string {
  return new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(timeZone ? { timeZone } : {}),
  }).format(ms);
}
