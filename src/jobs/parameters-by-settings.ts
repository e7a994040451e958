import { UsageError } from '../domain/errors.ts';
import type { Engine, EngineSettings } from '../engines/engine.ts';
import type { JobParameters } from '../pipeline/order.ts';
import { chooseEngine, type EngineWish } from './choose-engine.ts';

/** The settings that say how a job is worked on for which nobody said it. */
export type ParameterSettings = EngineWish &
  Pick<JobParameters, 'preprocessWorkers' | 'chunkDurationSeconds' | 'overlapSeconds' | 'chunkTimeoutSeconds'>;

/** What is known of such a job. */
export interface Former extends Pick<JobParameters, 'model' | 'processes' | 'workers'> {
  /** Of the job's own, where it has one; else what the settings say. */
  language?: string | null;
}

/**
 * With what a job is worked on that another program made. It keeps its model if that is installed here, else it has what the
 * settings say. Where nothing can work yet it keeps its model, and its run says what to install.
 */
export async function parametersBySettings(
  {
    engines,
    engineSettings,
    settings,
  }: { engines: readonly Engine[]; engineSettings: EngineSettings; settings: ParameterSettings },
  { model: former, processes, workers, language: own }: Former,
): Promise<JobParameters> {
  const { preprocessWorkers, chunkDurationSeconds, overlapSeconds, chunkTimeoutSeconds } = settings;
  const language = own ?? settings.language;
  const rest = {
    language,
    processes,
    workers,
    preprocessWorkers,
    chunkDurationSeconds,
    overlapSeconds,
    chunkTimeoutSeconds,
  };
  for (const model of [former, settings.model]) {
    try {
      const { engine } = await chooseEngine(engines, engineSettings, { engine: settings.engine, model, language });
      return { engine: engine.name, model, ...rest };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  }
  return { engine: 'whisper', model: former, ...rest };
}
