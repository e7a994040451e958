import { duration } from '../domain/duration.ts';
import type { QueueView, RunningView, WaitingView } from '../jobs/queue-view.ts';
import { clockTime, count, shown, table } from './output.ts';

/**
 * The queue for people.
 * @param timeZone in which times are told; the system's when not given
 */
export function queueText(view: QueueView, timeZone: string | undefined, now: Date): string {
  const time = timesIn(timeZone, now);
  const { running, waiting, total } = view;
  const parts = [pauseOf(view, time)];
  if (running.length > 0) parts.push(`Running\n${table([RUNNING, ...running.map((job) => runningRow(job, time))])}`);
  if (waiting.length > 0) parts.push(`Waiting\n${table([WAITING, ...waiting.map((job) => waitingRow(job, time))])}`);
  if (total > waiting.length)
    parts.push(`and ${total - waiting.length} more. To see them: longhand queue --limit ${total}`);
  parts.push(summaryOf(view, time));
  return parts.filter(Boolean).join('\n\n');
}

type Times = (iso: string | null) => string;

/** `14:05`, and with its date when it is not today: `11-23 07:10`. */
function timesIn(timeZone: string | undefined, now: Date): Times {
  // Made when it is needed: it takes 15 ms.
  let format: Intl.DateTimeFormat | undefined;
  return (iso) => {
    if (iso === null) return '-';
    format ??= new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
    const today = format.format(now).slice(0, 10);
    const text = format.format(new Date(iso));
    return text.startsWith(today) ? text.slice(11) : text.slice(5);
  };
}

function pauseOf({ paused, opensAt }: QueueView, time: Times): string {
  if (paused) {
    const who = paused.by === 'disk' ? 'Paused because the disk is full' : 'Paused by the user';
    const goesOn = paused.by === 'disk' ? 'It goes on when there is space.' : 'Go on with: longhand queue resume';
    return `${who} since ${time(paused.since)}${paused.reason ? `: ${shown(paused.reason)}` : ''}. ${goesOn}`.replace(
      '..',
      '.',
    );
  }
  return opensAt === null ? '' : `The hours for work begin at ${time(opensAt)}.`;
}

const RUNNING = ['  ID', 'DONE', 'CHUNK', 'SPEED', 'LEFT', 'READY', 'STAGE', 'FILE'];

function runningRow(job: RunningView, time: Times): string[] {
  return [
    `  ${job.id}`,
    `${Math.floor(job.progress)} %`,
    job.chunks === undefined ? '-' : `${job.chunk ?? 0}/${job.chunks}`,
    job.speed > 0 ? `${job.speed.toFixed(1)}x` : '-',
    job.secondsLeft === null ? '-' : clockTime(job.secondsLeft),
    time(job.endsAt),
    job.stage,
    shown(job.filename),
  ];
}

const WAITING = ['  #', 'ID', 'PRIORITY', 'STARTS', 'READY', 'FILE', 'WHY IT WAITS'];

function waitingRow(job: WaitingView, time: Times): string[] {
  return [
    `  ${job.position}`,
    String(job.id),
    String(job.priority),
    time(job.startsAt),
    time(job.endsAt),
    shown(job.filename),
    job.why ?? '',
  ];
}

function summaryOf({ running, total, endsAt, endsInSeconds }: QueueView, time: Times): string {
  if (running.length + total === 0) return 'Nothing runs and nothing waits. Begin with: longhand transcribe FILE';
  const what = `${running.length} running, ${count(total, 'job')} waiting.`;
  if (endsAt === null || endsInSeconds === null) return what;
  return `${what} All will be done at about ${time(endsAt)}, in ${duration(endsInSeconds)}.`;
}
