import type { Engine, EngineSettings } from '../engines/engine.ts';
import { askedIn } from '../pipeline/asked.ts';
import type { Candidate } from '../store/queue.ts';
import type { JobRow } from '../store/schema.ts';

export interface MemoryContext {
  engines: readonly Engine[];
  settings: EngineSettings;
}

/**
 * Memory that all processes of a job need together, in bytes. Fewer engine workers come before a job that could never start.
 * @param limits.capacityBytes what one job could have at best
 * @param limits.cores engine workers beyond them are not started
 */
export async function memoryNeedOf(
  { engines, settings }: MemoryContext,
  job: Candidate,
  { capacityBytes, cores }: { capacityBytes: number; cores: number },
): Promise<number> {
  const engine = engines.find(({ name }) => name === job.engine);
  if (!engine) return 0;
  const model = job.smaller_model ?? fileOf(job) ?? job.model;
  for (let processes = Math.max(1, Math.min(job.processes, cores)); ; processes -= 1) {
    const bytes = await engine.memoryNeedBytes({ model, processes }, settings);
    if (bytes <= capacityBytes || processes === 1) return bytes;
  }
}

/** The file of the model that was asked for by its path; the job's row has only its name. */
function fileOf({ model, parameters }: Candidate): string | undefined {
  const asked = askedIn(parameters).model;
  return asked !== undefined && asked !== model && asked.endsWith(model) ? asked : undefined;
}

/** The model for the next run of a job that ran out of memory, or why there is none; nothing where an engine has only one. */
export async function smallerModelFor(
  { engines, settings }: MemoryContext,
  { engine, model, language }: JobRow,
): Promise<{ model: string } | { problem: string } | undefined> {
  const found = engines.find(({ name }) => name === engine);
  return await found?.smallerModel?.({ model, language: language ?? 'auto' }, settings);
}
