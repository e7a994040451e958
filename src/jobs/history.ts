/** What happened to a job, as sentences: one function for whoever tells it, a command, the evidence, the audit log. */
import { byteSize } from '../domain/bytes.ts';
import { duration } from '../domain/duration.ts';
import type { EventRow, EventType } from '../store/schema.ts';
import { isPerson, USER } from './actor.ts';

/** A change, as people and programs see it. */
export interface EventView {
  /** ISO 8601. */
  at: string;
  type: EventType;
  from: string | null;
  to: string | null;
  actor: string;
  reason: string | null;
  /** What is known beyond that; its keys depend on the type. */
  data: unknown;
}

/** What is told of a run. */
export interface RunOfHistory {
  number: number;
  startedAt: string;
  endedAt: string | null;
  outcome: string | null;
  engine: string | null;
  model: string | null;
  chunksCommitted: number;
  peakMemoryBytes: number | null;
}

export interface HistoryLine {
  /** ISO 8601. */
  at: string;
  sentence: string;
}

/** A row as a view. */
export function eventViewOf(row: EventRow): EventView {
  return {
    at: new Date(row.at).toISOString(),
    type: row.type,
    from: row.from_status,
    to: row.to_status,
    actor: row.actor,
    reason: row.reason,
    data: row.data === null ? null : JSON.parse(row.data),
  };
}

/** Everything that happened to a job, in order: its events, and between them how each run ended. */
export function historyOf(events: readonly EventView[], runs: readonly RunOfHistory[]): HistoryLine[] {
  const lines = events.map((event) => ({
    at: event.at,
    sentence: beginningOf(event, runs) ?? sentenceOf(event),
    event,
  }));
  for (const run of runs) {
    const { endedAt } = run;
    if (endedAt === null) continue;
    const begun = lines.findIndex(({ event }) => event?.type === 'claimed' && event.reason === nameOf(run));
    const next = lines.findIndex(({ at }, index) => index > begun && at >= endedAt);
    const line = { at: endedAt, sentence: endOf(run, endedAt), event: undefined as never };
    lines.splice(next === -1 ? lines.length : next, 0, line);
  }
  return lines.map(({ at, sentence }) => ({ at, sentence }));
}

function nameOf({ number }: RunOfHistory): string {
  return `Run ${number}`;
}

function beginningOf({ type, reason }: EventView, runs: readonly RunOfHistory[]): string | undefined {
  const run = type === 'claimed' ? runs.find((candidate) => nameOf(candidate) === reason) : undefined;
  return (
    run && `${nameOf(run)} began (${run.engine ?? 'engine not chosen yet'}, model ${run.model ?? 'not chosen yet'}).`
  );
}

function endOf(run: RunOfHistory, endedAt: string): string {
  const seconds = (Date.parse(endedAt) - Date.parse(run.startedAt)) / 1000;
  const chunks = `${run.chunksCommitted} ${run.chunksCommitted === 1 ? 'chunk' : 'chunks'} done`;
  const memory = run.peakMemoryBytes === null ? '' : `, memory ${byteSize(run.peakMemoryBytes)}`;
  return `${nameOf(run)} was over after ${duration(seconds)}: ${run.outcome ?? 'unknown'}, ${chunks}${memory}.`;
}

/** One change as a sentence that says who and why. It does not name the job. */
export function sentenceOf(event: EventView): string {
  return wordsOf(event).replace(/[.!?…]*$/, '.');
}

function wordsOf(event: EventView): string {
  const { type, actor, reason } = event;
  switch (type) {
    case 'submitted':
      return `Submitted ${by(actor)}${because(reason)}`;
    case 'claimed':
      return `${reason ?? 'A run'} began`;
    case 'status':
      return stepOf(event);
    case 'changed':
      return changeOf(event);
    case 'edited':
      return (reason ?? 'Transcript edited').replace(/(?=:)|$/, ` ${by(actor)}`);
    case 'deleted':
      return `Deleted ${by(actor)}${deletedWhat(event)}${because(reason)}`;
    case 'queue':
      return `Queue ${(reason ?? 'changed').replace(/^./, (first) => first.toLowerCase()).replace(/^(paused|resumed)/, `$1 ${by(actor)}`)}`;
    case 'access':
      return `${reason ?? 'Users or keys changed'} ${by(actor)}`;
  }
}

function by(actor: string): string {
  if (actor === USER) return 'by the user';
  return actor === 'supervisor' || actor === 'owner' ? 'by Longhand' : `by ${actor}`;
}

function because(reason: string | null): string {
  return reason ? `: ${reason}` : '';
}

/** From one state to another. */
function stepOf({ from, to, actor, reason }: EventView): string {
  switch (to) {
    case 'completed':
      return 'Completed';
    case 'failed':
      return reason?.startsWith('Failed') ? reason : `Failed${because(reason)}`;
    case 'retrying':
      return reason ?? 'To be tried again';
    case 'cancelled': {
      const state = from === 'processing' ? ' while it was worked on' : '';
      // A person need not be told his own reasons.
      return `Cancelled ${by(actor)}${state}${actor === 'owner' ? because(reason) : ''}`;
    }
    case 'paused':
      return isPerson(actor) ? `Paused ${by(actor)}` : capital(reason ?? `Paused ${by(actor)}`);
    case 'pending':
      return from === 'processing' ? halt(actor, reason) : wait(actor, reason);
    default:
      return `From ${from} to ${to} ${by(actor)}${because(reason)}`;
  }
}

/** A run ended, and the job waits at its checkpoint. */
function halt(actor: string, reason: string | null): string {
  if (reason === 'interrupted') return `Stopped at its checkpoint ${by(actor)}`;
  if (reason === 'shutdown') return 'Stopped at its checkpoint because Longhand ended';
  return `Back in the queue at its checkpoint${because(reason)}`;
}

/** It came out of rest, or its wait is over. */
function wait(actor: string, reason: string | null): string {
  if (!isPerson(actor)) return reason ?? 'Waits again';
  return `${reason ? capital(reason) : 'Resumed'} ${by(actor)}`;
}

interface Step {
  what?: unknown;
  from?: unknown;
  to?: unknown;
}

function changeOf({ actor, reason, data }: EventView): string {
  const { what, from, to } = (data ?? {}) as Step;
  if (what === 'priority') return `Priority changed from ${from} to ${to} ${by(actor)}`;
  if (what === 'place') return `${reason} ${by(actor)}${wayOf(from as Standing, to as Standing)}`;
  return `${reason ?? 'Changed'}${reason?.includes(actor) ? '' : ` ${by(actor)}`}`;
}

interface Standing {
  position: number;
  priority: number;
}

function wayOf(from: Standing, to: Standing): string {
  const priority = from.priority === to.priority ? '' : `, priority ${from.priority} → ${to.priority}`;
  return `: place ${from.position} → ${to.position}${priority}`;
}

function deletedWhat({ from, data }: EventView): string {
  const { filename } = (data ?? {}) as { filename?: unknown };
  const state = from ? `it was ${from}` : '';
  const known = [typeof filename === 'string' ? filename : '', state].filter(Boolean).join('; ');
  return known ? ` (${known})` : '';
}

function capital(text: string): string {
  return text.replace(/^./, (first) => first.toUpperCase());
}
