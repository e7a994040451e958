import type { Config } from '../config/schema.ts';
import { byteSize } from '../domain/bytes.ts';
import { UsageError } from '../domain/errors.ts';
import type { Engine, EngineSettings } from '../engines/engine.ts';
import { chooseEngine } from '../jobs/choose-engine.ts';
import type { Examined } from './examine.ts';

/** Whether the model that jobs get when nothing else is asked for fits into the memory that a job may use. */
export async function examineMemory(
  { engine: wanted, model, language, maxMemoryBytes }: Config,
  engines: readonly Engine[],
  settings: EngineSettings,
): Promise<Examined[]> {
  try {
    const { engine } = await chooseEngine(engines, settings, { engine: wanted, model, language });
    const needBytes = await engine.memoryNeedBytes({ model, processes: 1 }, settings);
    const least = model === 'auto' && engine.chooseModel ? 'the smallest model' : `model ${model}`;
    const detail = `a job may use ${byteSize(maxMemoryBytes)}; ${engine.label} with ${least} needs ${byteSize(needBytes)}`;
    if (needBytes <= maxMemoryBytes) return [{ name: 'memory', state: 'good', detail }];
    const remedy = `Set MAX_MEMORY_PER_TRANSCRIPTION to ${byteSize(roundedUp(needBytes))} or more, or choose a smaller model.`;
    return [{ name: 'memory', state: 'warning', detail, remedy }];
  } catch (error) {
    // Nothing here can do it, and the engine's own line says why.
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** To what is written exactly with one decimal. */
function roundedUp(bytes: number): number {
  const unit = 1024 ** (bytes >= 1024 ** 3 ? 3 : 2) / 10;
  return Math.ceil(bytes / unit) * unit;
}
