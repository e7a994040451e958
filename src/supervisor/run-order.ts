import type { StageName, StageStatus } from '../domain/stage.ts';
import { percentBetween } from '../domain/stage.ts';
import { withinCores } from '../domain/within-cores.ts';
import type { EngineSettings } from '../engines/engine.ts';
import type { JobParameters, Outlook, RunOrder } from '../pipeline/order.ts';
import { listArtifacts } from '../store/artifacts.ts';
import { speechProgress } from '../store/chunks.ts';
import type { JobRow } from '../store/schema.ts';
import { listStages } from '../store/stages.ts';
import type { Store } from '../store/store.ts';
import { scratchFolder } from './job-files.ts';

export interface OrderOptions {
  jobDir: string;
  settings: EngineSettings;
  versions: Record<string, string>;
  /** What the run's processes may use together. */
  memoryLimitBytes: number;
  /** Cores that the run may use. */
  cores: number;
  /** What was learned from earlier runs about how long this one will take. */
  outlook?: ((job: JobRow) => Promise<Outlook>) | undefined;
}

/** The order for the next run of a job: what was asked for, and what earlier runs left. */
export async function runOrderFor(
  store: Store,
  job: JobRow,
  parameters: JobParameters,
  { jobDir, settings, versions, memoryLimitBytes, cores, outlook }: OrderOptions,
): Promise<RunOrder> {
  const [stages, artifacts, progress, ahead] = await Promise.all([
    listStages(store, job.id),
    listArtifacts(store, job.id),
    progressReached(store, job),
    outlook?.(job),
  ]);
  return {
    ...parameters,
    ...withinCores(parameters.processes, parameters.workers, cores),
    jobId: job.id,
    sourcePath: job.original_path ?? '',
    jobDir,
    scratchDir: scratchFolder(jobDir),
    settings,
    versions,
    memoryLimitBytes,
    ...(job.smaller_model === null ? {} : { smallerModel: job.smaller_model }),
    known: {
      ...(job.source_sha256 ? { sourceSha256: job.source_sha256 } : {}),
      ...(job.source_bytes !== null ? { sourceBytes: job.source_bytes } : {}),
      ...(job.source_modified_ms !== null ? { sourceModifiedMs: job.source_modified_ms } : {}),
      stages: stages.map(({ name, status, output }) => ({
        name: name as StageName,
        status: status as StageStatus,
        output: output === null ? undefined : JSON.parse(output),
      })),
      artifacts: artifacts.map(({ name, path, sha256, bytes }) => ({ name, path, sha256, bytes })),
      progress,
      ...(ahead ? { outlook: ahead } : {}),
    },
  };
}

/** Per cent. A heartbeat writes it down only now and then; chunks may have been committed, and told, since. */
async function progressReached(store: Store, { id, progress }: JobRow): Promise<number> {
  const { speechSamples, committedSpeechSamples } = await speechProgress(store, id);
  if (committedSpeechSamples === 0) return progress;
  return Math.max(progress, percentBetween('segments', 'finalizing', committedSpeechSamples / speechSamples));
}
