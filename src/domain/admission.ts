/**
 * Which waiting job may start now.
 *
 * The first in the queue that fits into free memory starts. One that does not fit waits and lets smaller ones pass, but
 * only so often; then nothing passes it any more, the running jobs end one after the other, and it starts. What it waits
 * for can also be held by other programs: when none of our jobs runs and it does not fit even so, holding the queue up
 * would help nobody, so smaller jobs go on, one at a time, and between any two of them it is asked first. A job that is
 * larger than this machine will ever allow is not left waiting: it is refused, with the reason.
 *
 * Pure: memory is measured by the caller, and the passes are counted by it.
 */
import { byteSize } from './bytes.ts';

/** How often a job lets smaller ones pass before it holds them up. */
export const MAX_PASSES = 3;

export interface WaitingJob<Id> {
  id: Id;
  /** Memory that all its processes need together. */
  needBytes: number;
  /** How often its id was among `passed`. */
  passedOver: number;
}

export interface RunningJob {
  needBytes: number;
  /** Measured. A job that has just started has most of its memory still to take. */
  usedBytes: number;
}

export interface AdmissionQuestion<Id> {
  /** In the order of the queue. */
  waiting: readonly WaitingJob<Id>[];
  running: readonly RunningJob[];
  /** Measured: memory that is free, or would be at once. */
  freeBytes: number;
  /** What one job could have at best, with nothing beside it: the machine's memory, or the limit for a job. */
  capacityBytes: number;
  /** MAX_CONCURRENT_TRANSCRIPTIONS. */
  maxConcurrent: number;
  maxPasses?: number;
}

export interface Admission<Id> {
  /** At most one: for the next, ask again with this one among the running. */
  start?: Id;
  /** Jobs that `start` passes: their `passedOver` grows by one once it has started. */
  passed: Id[];
  /** Jobs that will never fit. */
  refused: Id[];
  /** For each job that memory holds back, or that is refused: a sentence. A job without one waits its turn. */
  why: Map<Id, string>;
}

/** Decides which job may start, and says why others may not. */
export function admit<Id extends string | number>(question: AdmissionQuestion<Id>): Admission<Id> {
  const { waiting, running, capacityBytes, maxConcurrent, maxPasses = MAX_PASSES } = question;
  const why = new Map<Id, string>();
  const tooLarge = waiting.filter(({ needBytes }) => needBytes > capacityBytes);
  for (const job of tooLarge) why.set(job.id, neverFits(job, capacityBytes));
  const refused = tooLarge.map(({ id }) => id);
  if (running.length >= maxConcurrent) return { passed: [], refused, why };

  const roomBytes = question.freeBytes - promisedBytes(running);
  const passed: Id[] = [];
  let blocker: WaitingJob<Id> | undefined;
  for (const job of waiting) {
    if (job.needBytes > capacityBytes) continue;
    if (blocker) {
      why.set(job.id, heldUp(blocker));
    } else if (job.needBytes <= roomBytes) {
      return { start: job.id, passed, refused, why };
    } else {
      why.set(job.id, doesNotFit(job, roomBytes, running.length > 0));
      if (running.length === 0) continue;
      if (job.passedOver >= maxPasses) blocker = job;
      else passed.push(job.id);
    }
  }
  return { passed: [], refused, why };
}

/** Memory that running jobs will still take of what is free now. */
function promisedBytes(running: readonly RunningJob[]): number {
  return running.reduce((sum, { needBytes, usedBytes }) => sum + Math.max(0, needBytes - usedBytes), 0);
}

function neverFits<Id>({ needBytes }: WaitingJob<Id>, capacityBytes: number): string {
  const { need, room } = inWords(needBytes, capacityBytes);
  return `It needs ${need} of memory, and a job can have ${room} here.`;
}

function doesNotFit<Id>({ needBytes }: WaitingJob<Id>, roomBytes: number, othersRun: boolean): string {
  const { need, room } = inWords(needBytes, Math.max(0, roomBytes));
  const until = othersRun
    ? 'it waits until a running job has ended.'
    : 'it waits until other programs leave it more. A smaller model would need less.';
  return `It needs ${need} of memory, and ${room} are free: ${until}`;
}

function heldUp<Id extends string | number>({ id, passedOver }: WaitingJob<Id>): string {
  const times = passedOver === 1 ? 'once' : `${passedOver} times`;
  return `Job ${id} needs more memory than is free and was passed ${times}: it goes first.`;
}

/** A need and what there is for it, told so exactly that they do not look alike. */
export function inWords(needBytes: number, roomBytes: number): { need: string; room: string } {
  const [need, room] = [byteSize(needBytes), byteSize(roomBytes)];
  if (need !== room) return { need, room };
  const megabyte = 1024 ** 2;
  return { need: `${Math.ceil(needBytes / megabyte)} MB`, room: `${Math.floor(roomBytes / megabyte)} MB` };
}
