import { SAMPLE_RATE_HZ } from '../audio/loudness.ts';
import type { Engine } from '../engines/engine.ts';
import { ownOomKills } from '../native/oom.ts';
import type { RunOrder } from '../pipeline/order.ts';
import type { Recogniser } from '../pipeline/pipeline.ts';
import { ChunkAllowance } from './chunk-allowance.ts';
import { runPool } from './engine-pool.ts';

/** The recogniser that a runner hands to its pipeline: an engine pool made from the order. */
export function poolRecogniser(
  order: RunOrder,
  engine: Engine,
  signals: { drain: AbortSignal; abort: AbortSignal },
  onLine: (line: string) => void,
): Recogniser {
  return (work) =>
    runPool({
      engine,
      worker: {
        settings: order.settings,
        model: work.model,
        language: work.language,
        threads: work.workers,
        scratchDir: order.scratchDir,
        onLine,
      },
      processes: work.processes,
      audioPath: work.audioPath,
      sampleRateHz: SAMPLE_RATE_HZ,
      chunks: work.chunks,
      allowance: new ChunkAllowance(
        SAMPLE_RATE_HZ,
        engine.seedRealtimeFactor(work.model.name),
        order.chunkTimeoutSeconds,
      ),
      now: Date.now,
      oomKills: ownOomKills,
      onChunk: work.onChunk,
      commit: work.commit,
      fail: work.fail,
      onLine,
      drain: signals.drain,
      abort: signals.abort,
    });
}
