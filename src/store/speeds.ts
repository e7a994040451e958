import { literal } from './literal.ts';
import type { RunRow } from './schema.ts';
import type { Store } from './store.ts';

/** What speeds are learned apart for, besides engine workers and threads. */
export interface SpeedKey {
  machine: string;
  engine: string;
  model: string;
}

/** A run that has turned speech into text. */
export interface MeasuredRun
  extends Pick<RunRow, 'id' | 'processes' | 'workers' | 'started_at' | 'ended_at' | 'speech_seconds' | 'work_seconds'> {
  speech_seconds: number;
  work_seconds: number;
}

/** The last runs of a machine with an engine and a model that teach something about their speed, the oldest first. */
export async function measuredRuns(
  store: Store,
  { machine, engine, model }: SpeedKey,
  { limit }: { limit: number },
): Promise<MeasuredRun[]> {
  const rows = await store.db
    .selectFrom('runs')
    .select(['id', 'processes', 'workers', 'started_at', 'ended_at', 'speech_seconds', 'work_seconds'])
    .where('machine', '=', machine)
    .where('engine', '=', engine)
    .where('model', '=', model)
    .where('speech_seconds', 'is not', null)
    .orderBy('id', 'desc')
    .limit(literal(limit))
    .execute();
  return (rows as MeasuredRun[]).reverse();
}

/** The models whose speed with an engine was measured on a machine. One look into the index for each. */
export async function measuredModels(store: Store, { machine, engine }: Omit<SpeedKey, 'model'>): Promise<string[]> {
  const models: string[] = [];
  for (;;) {
    const next = await store.db
      .selectFrom('runs')
      .select('model')
      .where('machine', '=', machine)
      .where('engine', '=', engine)
      .where('speech_seconds', 'is not', null)
      .where('model', '>', models.at(-1) ?? '')
      .orderBy('model')
      .limit(literal(1))
      .executeTakeFirst();
    if (!next?.model) return models;
    models.push(next.model);
  }
}

/** When and with what a run kept the machine busy. */
export type RunTime = Pick<RunRow, 'id' | 'engine' | 'processes' | 'workers' | 'started_at' | 'ended_at'>;

/** Runs of a machine by their ids, both ends included: those that ran beside another have ids near it. */
export async function runTimes(
  store: Store,
  machine: string,
  { from, to, limit }: { from: number; to: number; limit: number },
): Promise<RunTime[]> {
  return await store.db
    .selectFrom('runs')
    .select(['id', 'engine', 'processes', 'workers', 'started_at', 'ended_at'])
    .where('id', '>=', from)
    .where('id', '<=', to)
    .where('machine', '=', machine)
    .orderBy('id', 'desc')
    .limit(literal(limit))
    .execute();
}
