import type { UsageSamplesTable } from './schema.ts';
import type { Store } from './store.ts';

/** Points of one run's curve. Whoever adds samples thins them out when there are as many, and then adds half as often. */
export const MAX_USAGE_SAMPLES = 500;

/** What a run's processes used at one moment, all together; null where the system does not tell. */
export interface UsageSample {
  /** Milliseconds since the epoch; a run has one sample at a time. */
  at: number;
  /** Seconds since the run's process began. */
  elapsedSeconds: number;
  /** 100 is one core kept busy. */
  cpuPercent: number | null;
  memoryBytes: number | null;
  /** Per cent of the job. */
  progress: number | null;
}

/**
 * Keeps a sample of a run that goes on. One at the very same moment is replaced; of a run that has ended, or is unknown,
 * nothing is kept.
 * @returns how many samples the run has now, for the comparison with `MAX_USAGE_SAMPLES`
 */
export async function addUsage(store: Store, runId: number, sample: UsageSample): Promise<number> {
  const row = { at: sample.at, ...figures(sample) };
  await store.db
    .insertInto('usage_samples')
    .columns(['run_id', 'at', 'elapsed_seconds', 'cpu_percent', 'memory_bytes', 'progress'])
    .expression((eb) =>
      eb
        .selectFrom('runs')
        .select(({ val }) => [
          'id',
          val(row.at).as('at'),
          val(row.elapsed_seconds).as('elapsed_seconds'),
          val(row.cpu_percent).as('cpu_percent'),
          val(row.memory_bytes).as('memory_bytes'),
          val(row.progress).as('progress'),
        ])
        .where('id', '=', runId)
        .where('ended_at', 'is', null),
    )
    .onConflict((conflict) => conflict.columns(['run_id', 'at']).doUpdateSet(figures(sample)))
    .execute();
  return await countUsage(store, runId);
}

function figures(sample: UsageSample): Omit<UsageSamplesTable, 'run_id' | 'at'> {
  return {
    elapsed_seconds: sample.elapsedSeconds,
    cpu_percent: sample.cpuPercent,
    memory_bytes: sample.memoryBytes,
    progress: sample.progress,
  };
}

/**
 * Drops every second sample of a run, so that the curve keeps its shape with half the points. The first and the last stay.
 * @returns how many are left
 */
export async function thinUsage(store: Store, runId: number): Promise<number> {
  await store.db
    .deleteFrom('usage_samples')
    .where('run_id', '=', runId)
    .where('at', 'in', (eb) =>
      eb
        .selectFrom((inner) =>
          inner
            .selectFrom('usage_samples')
            .select(({ fn }) => [
              'at',
              fn
                .agg<number>('row_number')
                .over((over) => over.orderBy('at'))
                .as('place'),
            ])
            .where('run_id', '=', runId)
            .as('counted'),
        )
        .select('at')
        .where(({ eb: is, lit }) => is(is('place', '%', lit(2)), '=', lit(0))),
    )
    .where('at', '<', (eb) =>
      eb
        .selectFrom('usage_samples')
        .select(({ fn }) => fn.max('at').as('last'))
        .where('run_id', '=', runId),
    )
    .execute();
  return await countUsage(store, runId);
}

/** A run's samples, the first first. */
export async function listUsage(store: Store, runId: number): Promise<UsageSample[]> {
  const rows = await store.db
    .selectFrom('usage_samples')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('at')
    .execute();
  return rows.map((row) => ({
    at: row.at,
    elapsedSeconds: row.elapsed_seconds,
    cpuPercent: row.cpu_percent,
    memoryBytes: row.memory_bytes,
    progress: row.progress,
  }));
}

/** Read from the primary key alone, and of one run, so that asking after every sample costs next to nothing. */
async function countUsage(store: Store, runId: number): Promise<number> {
  const { count } = await store.db
    .selectFrom('usage_samples')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow();
  return Number(count);
}
