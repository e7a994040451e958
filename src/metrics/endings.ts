import { ERROR_KINDS } from '../domain/errors.ts';
import { ENGINE_NAMES } from '../engines/engine.ts';
import type { Ending } from '../store/endings.ts';
import type { News } from '../supervisor/news.ts';
import type { Metrics } from './definitions.ts';

const UNKNOWN = 'unknown';
const SECONDS_PER_MINUTE = 60;
/** News of one ending come within moments of each other. */
const ENDINGS_KEPT = 1_000;

export interface EndingsOptions {
  metrics: Metrics;
  endingOf(jobId: number): Promise<Ending | undefined>;
  /** An ending could not be looked up, and is missing from the counts. */
  onMissed(error: unknown): void;
}

/**
 * Counts what ends: runs and jobs, from the owner's news. News say that something happened, the store says what; the same
 * ending told twice counts once.
 */
export class Endings {
  readonly #options: EndingsOptions;
  readonly #counted = new Set<string>();
  #counting: Promise<void> = Promise.resolve();

  constructor(options: EndingsOptions) {
    this.#options = options;
    this.#beginAtZero();
  }

  /** To be told all news. */
  hear(news: News): void {
    if (news.type !== 'state' || news.status === 'processing') return;
    const { endingOf, onMissed } = this.#options;
    this.#counting = this.#counting
      .then(() => endingOf(news.jobId))
      .then((ending) => {
        if (ending) this.#count(news, ending);
      })
      .catch(onMissed);
  }

  /** Resolves when everything that was heard is counted. */
  counted(): Promise<void> {
    return this.#counting;
  }

  /** A counter that appears with its first count hides that one from rate() (https://prometheus.io/docs/practices/instrumentation/). */
  #beginAtZero(): void {
    const { transcriptions, failed, retries, runs } = this.#options.metrics;
    for (const engine of ENGINE_NAMES) transcriptions.inc({ engine }, 0);
    for (const kind of ERROR_KINDS) {
      failed.inc({ kind }, 0);
      retries.inc({ kind }, 0);
    }
    for (const outcome of ['completed', 'failed', 'crashed', 'stopped', 'orphaned']) runs.inc({ outcome }, 0);
  }

  #count({ jobId, status }: Extract<News, { type: 'state' }>, { job, run, stageSeconds }: Ending): void {
    const { metrics } = this.#options;
    if (run?.outcome && this.#isNew(`run ${run.id}`)) metrics.runs.inc({ outcome: run.outcome });
    if (status === 'retrying' && run && this.#isNew(`retry after ${run.id}`)) {
      metrics.retries.inc({ kind: run.error_kind ?? UNKNOWN });
    }
    // It may have gone on since; then its next end counts.
    if ((status !== 'completed' && status !== 'failed') || job.status !== status) return;
    if (!this.#isNew(`job ${jobId} ${job.completed_at}`)) return;
    const engine = job.engine ?? UNKNOWN;
    metrics.transcriptions.inc({ engine });
    if (status === 'failed') metrics.failed.inc({ kind: job.error_kind ?? UNKNOWN });
    else this.#measure(engine, job, stageSeconds);
  }

  #measure(engine: string, job: Ending['job'], stageSeconds: Ending['stageSeconds']): void {
    const { metrics } = this.#options;
    const audioSeconds = job.duration_minutes * SECONDS_PER_MINUTE;
    metrics.duration.observe({ engine }, job.elapsed_seconds);
    if (audioSeconds > 0) {
      metrics.audio.inc({ engine }, audioSeconds);
      metrics.realtimeFactor.observe({ engine }, job.elapsed_seconds / audioSeconds);
    }
    for (const { name, seconds } of stageSeconds) metrics.stageDuration.observe({ stage: name }, seconds);
  }

  #isNew(ending: string): boolean {
    if (this.#counted.has(ending)) return false;
    if (this.#counted.size >= ENDINGS_KEPT) this.#counted.clear();
    this.#counted.add(ending);
    return true;
  }
}
