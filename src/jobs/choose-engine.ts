import { LonghandError, UsageError } from '../domain/errors.ts';
import type { Engine, EngineName, EngineSettings, ResolvedModel } from '../engines/engine.ts';

/** The order in which `auto` looks for an engine: the best text first. A remote one only counts when its address is set. */
const PREFERENCE: readonly EngineName[] = ['whisper', 'openai', 'pocketsphinx'];

export interface EngineWish {
  engine: EngineName | 'auto';
  model: string;
  language: string;
}

export interface EngineChoice {
  engine: Engine;
  model: ResolvedModel;
  /** Why `auto` does not mean an engine that would come before this one, each as a paragraph. */
  passedOver: string[];
}

/**
 * Finds the engine and the model for a wish, before a job exists.
 * @throws UsageError when nothing here can do it; the message says why for what was asked for, and what to do
 */
export async function chooseEngine(
  engines: readonly Engine[],
  settings: EngineSettings,
  wish: EngineWish,
): Promise<EngineChoice> {
  if (wish.engine !== 'auto') {
    const engine = engines.find(({ name }) => name === wish.engine);
    if (!engine) throw new UsageError(`There is no engine "${wish.engine}".`);
    return { ...(await tryEngine(engine, settings, wish)), passedOver: [] };
  }
  const reasons: string[] = [];
  for (const name of PREFERENCE) {
    const engine = engines.find((candidate) => candidate.name === name);
    if (!engine || (name === 'openai' && !settings.openaiUrl)) continue;
    try {
      return { ...(await tryEngine(engine, settings, wish)), passedOver: reasons };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      reasons.push(`${engine.label}: ${error.message}${error.remedy ? ` ${error.remedy}` : ''}`);
    }
  }
  throw new UsageError(['No engine can do this.', ...reasons].join('\n  '), 'See: longhand doctor');
}

async function tryEngine(
  engine: Engine,
  settings: EngineSettings,
  { model, language }: EngineWish,
): Promise<Omit<EngineChoice, 'passedOver'>> {
  const { available, detail, remedy } = await engine.check(settings);
  if (!available) throw new UsageError(detail, remedy);
  const { languages } = engine;
  if (language !== 'auto' && languages !== 'any' && !languages.includes(language)) {
    throw new UsageError(
      `${engine.label} does not know the language "${language}".`,
      `It knows: ${languages.join(', ')}.`,
    );
  }
  try {
    return { engine, model: await engine.resolveModel(model, settings, language) };
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    throw new UsageError(error.message, error.remedy);
  }
}
