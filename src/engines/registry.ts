import { ENGINE_NAMES, type Engine, type EngineName } from './engine.ts';
import { openai } from './openai.ts';
import { pocketsphinx } from './pocketsphinx.ts';
import { whisper } from './whisper.ts';

/** All engines. A new one is one file and one line here. */
const ENGINES: Record<EngineName, Engine> = { whisper, pocketsphinx, openai };

/** The engine of that name. */
export function engineNamed(name: EngineName): Engine {
  return ENGINES[name];
}

/** All engines, in the order in which `auto` considers them. */
export function allEngines(): Engine[] {
  return ENGINE_NAMES.map((name) => ENGINES[name]);
}
