/** Reads the logs of jobs: their last lines, and the lines as they come. */
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import { lastLines, linesFrom } from '../logs/tail.ts';
import { isRunning } from './process-status.ts';
import type { ProcessTable } from './process-table.ts';

/** Between two looks at a log that is followed. */
const FOLLOW_MS = 100;
/** After the end of a process whose log another instance writes, its last lines are waited for this long. */
const LAST_LINES_MS = 1_000;

/** The lines of a log, to be read with `for await`. */
export interface LogStream extends AsyncIterable<string> {
  /** Resolves when the callback was told the last line, or at once when there is none. Never rejects. */
  readonly ended: Promise<void>;
  /** Ends the stream for all who read it. Idempotent. */
  stop(): void;
}

export interface StreamOptions {
  /** Begins with so many last lines; undefined: with the first line. */
  lines?: number | undefined;
  /** Told each line, one after the other. May fail; then that is counted, and the next line comes. */
  callback?: ((line: string) => void | Promise<void>) | undefined;
}

/** The last lines of a job's log; none where there is no log. */
export async function lastLogLines(table: ProcessTable, jobId: string, lines: number): Promise<string[]> {
  const { text } = await lastLines(await recordedLogPath(table, jobId), lines);
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** The lines of a job's log, those that come included, until its process has ended or the manager is closed. */
export function streamLog(table: ProcessTable, jobId: string, { lines, callback }: StreamOptions): LogStream {
  const stop = new AbortController();
  const read = () => readLog(table, jobId, lines, stop);
  const ended = callback ? tellLines(table, jobId, read(), callback) : Promise.resolve();
  return { [Symbol.asyncIterator]: read, ended, stop: () => stop.abort() };
}

async function* readLog(
  table: ProcessTable,
  jobId: string,
  lines: number | undefined,
  stop: AbortController,
): AsyncGenerator<string, void, undefined> {
  if (table.isClosing) return;
  const end = () => stop.abort();
  table.readers.add(end);
  try {
    // A registration that is under way comes first.
    await table.turns.passed(jobId);
    const path = await recordedLogPath(table, jobId);
    yield* followLines({ path, lines, isLive: liveness(table, jobId), clock: table.clock, signal: stop.signal });
  } finally {
    table.readers.delete(end);
  }
}

async function recordedLogPath(table: ProcessTable, jobId: string): Promise<string> {
  const entry = table.held.get(jobId)?.entry ?? (await table.ask((registry) => registry.get(jobId)));
  return entry?.logPath || table.logPath(jobId);
}

/** Whether more may come into a log. Of a log that another instance writes the last lines may come after the end. */
function liveness(table: ProcessTable, jobId: string): () => Promise<boolean> {
  let seenAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (table.outputs.hasOwn(jobId)) return true;
    const now = table.clock.monotonicMs();
    if (await isRunning(table, jobId)) seenAt = now;
    return now - seenAt < LAST_LINES_MS;
  };
}

async function tellLines(
  { problems }: ProcessTable,
  jobId: string,
  lines: AsyncIterable<string>,
  callback: (line: string) => unknown,
): Promise<void> {
  const tell = async (line: string) => callback(line);
  const failed = (error: unknown) => {
    problems.tell(`A reader of the log of job ${jobId} failed: ${reportOf(error).message}`);
  };
  try {
    for await (const line of lines) await tell(line).catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** A log that is read while it is written. */
interface FollowedLog {
  path: string;
  /** Begins with so many last lines; undefined: with the first line. */
  lines: number | undefined;
  /** Whether more may come. */
  isLive(): Promise<boolean>;
  clock: Clock;
  signal: AbortSignal;
}

/** The lines of a log as they come, until no more can come or it is told to stop. */
async function* followLines(log: FollowedLog): AsyncGenerator<string, void, undefined> {
  const { path, lines, isLive, clock, signal } = log;
  let piece = lines === undefined ? await linesFrom(path, 0) : await lastLines(path, lines);
  let rest = '';
  while (!signal.aborted) {
    const whole = (rest + piece.text).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) {
      if (signal.aborted) return;
      yield line;
    }
    // Asked first: what was written before the end is read after it.
    const live = await isLive();
    const { position } = piece;
    piece = await linesFrom(path, position);
    if (piece.text !== '') continue;
    if (!live) return yield* lastWords(rest, path, position);
    await clock.sleep(FOLLOW_MS, signal).catch(() => undefined);
  }
}

/** A line that its writer could not end. */
async function* lastWords(rest: string, path: string, position: number): AsyncGenerator<string, void, undefined> {
  const last = await lastLines(path, 1);
  const text = rest + (last.position > position ? last.text : '');
  if (text !== '') yield text;
}
