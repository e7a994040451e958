import { EngineError } from '../../domain/errors.ts';
import type { AudioSlice, WorkerOptions } from '../../engines/engine.ts';
import { faultBehind } from '../disk-fault.ts';
import { EngineMemoryError, OomWatch } from '../engine-memory-error.ts';
import { type PipelineContext, throwIfStopping } from '../pipeline.ts';

/** As many as a chunk gets. */
const MAX_TRIES = 3;

/**
 * Which language is spoken. It is the first work of an engine worker in a job, and as much may happen to it as over a chunk.
 * @param sample what it is recognised from
 * @throws what went wrong the last time; EngineMemoryError and DiskError at once
 */
export async function detectLanguage(
  context: Pick<PipelineContext, 'engine' | 'log' | 'oomKills' | 'drain' | 'abort'>,
  sample: AudioSlice,
  options: WorkerOptions,
): Promise<string> {
  const { engine, log, oomKills } = context;
  for (let tried = 1; ; tried += 1) {
    const oom = new OomWatch(oomKills);
    try {
      return (await engine.detectLanguage?.(sample, options)) ?? 'und';
    } catch (error) {
      if (error instanceof EngineError && oom.struck)
        throw new EngineMemoryError({ engine, model: options.model }, error);
      const cause = await faultBehind(error, options.scratchDir);
      throwIfStopping(context);
      if (!(cause instanceof EngineError) || tried === MAX_TRIES) throw cause;
      log('WARNING', 'transcribe', `The language could not be recognised (${tried}): ${cause.message}`);
    }
  }
}
