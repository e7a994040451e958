import type * as z from 'zod';
import { jobNotFound } from '../../jobs/errors.ts';
import { type LogPiece, lastLines, linesFrom } from '../../logs/tail.ts';
import { getJob } from '../../store/jobs.ts';
import { logPath } from '../../supervisor/job-files.ts';
import { showLog } from '../schemas/texts.ts';
import { type LookUpContext, lookUp, PlainAnswer } from './look-up.ts';

const DEFAULT_LINES = 50;

type Wanted = z.output<typeof showLog.querystring>;

/**
 * The last `lines` lines of a job's log, or what is there `from` a position on, at most 1 MB of it. Who follows is answered
 * by the route (`routes/logs.ts`): what comes later is no look-up.
 */
export const log = lookUp('/api/jobs/:id/log', showLog, async (context, { params, query }) =>
  answerOf(await pieceOfLog(context, params.id, query)),
);

/** A piece of a log as it is sent. The header says where it ends, and where the following begins. */
export function answerOf({ text, position }: LogPiece): PlainAnswer {
  return new PlainAnswer(text, 'text/plain; charset=utf-8', { 'x-log-position': String(position) });
}

/**
 * What is sent at once. Who follows from a position gets everything by following.
 * @throws JobNotFoundError
 */
export async function pieceOfLog(
  { store, dataDir }: LookUpContext,
  id: number,
  { lines, from, follow }: Wanted,
): Promise<LogPiece> {
  if (!(await getJob(store, id))) throw await jobNotFound(store, id);
  const path = logPath(dataDir, id);
  if (from === undefined) return lastLines(path, lines ?? DEFAULT_LINES);
  return follow ? { text: '', position: from } : linesFrom(path, from);
}
