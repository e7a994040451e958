import { stat } from 'node:fs/promises';
import type { Engine, EngineName, EngineSettings } from '../engines/engine.ts';

/** A model that a job can be asked for with by its name. */
export interface InstalledModel {
  name: string;
  engine: EngineName;
  /** Milliseconds since the epoch: when its file or folder was last changed. */
  installedAt: number;
}

/** The models on this machine, those of the engine first that is asked first. */
export async function installedModels(engines: readonly Engine[], settings: EngineSettings): Promise<InstalledModel[]> {
  const found = await Promise.all(
    engines.map(async (engine) => {
      const names = (await engine.installedModels?.(settings)) ?? [];
      return await Promise.all(names.map((name) => modelOf(engine, name, settings)));
    }),
  );
  return found.flat();
}

async function modelOf(engine: Engine, name: string, settings: EngineSettings): Promise<InstalledModel> {
  const { path } = await engine.resolveModel(name, settings);
  return { name, engine: engine.name, installedAt: path === undefined ? 0 : (await stat(path)).mtimeMs };
}
