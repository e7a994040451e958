/** The engines as somebody sees them who chooses one. */
import { LonghandError } from '../domain/errors.ts';
import { ENGINE_NAMES, type Engine, type EngineName, type EngineSettings } from '../engines/engine.ts';
import { chooseEngine, type EngineWish } from './choose-engine.ts';

/** A model that a job can be asked for with. */
export interface EngineModel {
  name: string;
  installed: boolean;
  /** Of its file, or of what would be downloaded; null where it is not a file of ours. */
  sizeBytes: number | null;
  /** What an engine worker needs with it. */
  memoryBytes: number | null;
}

export interface EngineView {
  name: EngineName;
  label: string;
  /** Whether a job can be asked for with it now. */
  usable: boolean;
  /** Why it cannot be used, and what to do about it. */
  problem: { sentence: string; remedy: string | null } | null;
  /** Null: any. */
  languages: string[] | null;
  /** Whether it finds out by itself which language is spoken. */
  detectsLanguage: boolean;
  models: EngineModel[];
  /** Whether `auto` may stand for the model. */
  choosesModel: boolean;
}

export interface EngineViews {
  /** What `auto` means here at present; null when no engine can be used. */
  auto: EngineName | null;
  engines: EngineView[];
}

export interface EnginesContext {
  engines: readonly Engine[];
  settings: EngineSettings;
  /** The models that can be downloaded and those that were. */
  models: { list(): Promise<{ name: string; installed: boolean; sizeBytes: number; memoryBytes: number }[]> };
}

/** All engines, in the order in which they are named, and which of them `auto` means. */
export async function enginesOf(context: EnginesContext): Promise<EngineViews> {
  const { engines, settings } = context;
  const known = ENGINE_NAMES.flatMap((name) => engines.find((engine) => engine.name === name) ?? []);
  const [views, chosen] = await Promise.all([
    Promise.all(known.map((engine) => viewOf(context, engine))),
    problemOf(() => chooseEngine(engines, settings, ANYTHING)),
  ]);
  return { auto: 'done' in chosen ? chosen.done.engine.name : null, engines: views };
}

const ANYTHING: EngineWish = { engine: 'auto', model: 'auto', language: 'auto' };

async function viewOf(context: EnginesContext, engine: Engine): Promise<EngineView> {
  const { engines, settings } = context;
  const { name, label, languages } = engine;
  const tried = await problemOf(() => chooseEngine(engines, settings, { ...ANYTHING, engine: name }));
  return {
    name,
    label,
    usable: 'done' in tried,
    problem: 'done' in tried ? null : tried,
    languages: languages === 'any' ? null : [...languages],
    detectsLanguage: engine.detectLanguage !== undefined,
    models: await modelsOf(context, engine),
    choosesModel: engine.chooseModel !== undefined,
  };
}

async function modelsOf({ models, settings }: EnginesContext, engine: Engine): Promise<EngineModel[]> {
  if (engine.chooseModel) {
    const all = await models.list();
    return all.map(({ name, installed, sizeBytes, memoryBytes }) => ({ name, installed, sizeBytes, memoryBytes }));
  }
  const names = (await engine.installedModels?.(settings)) ?? [];
  return names.map((name) => ({ name, installed: true, sizeBytes: null, memoryBytes: null }));
}

/** What comes of it, or what is in the way. */
export async function problemOf<T>(
  work: () => Promise<T>,
): Promise<{ done: T } | { sentence: string; remedy: string | null }> {
  try {
    return { done: await work() };
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    return { sentence: error.message, remedy: error.remedy ?? null };
  }
}
