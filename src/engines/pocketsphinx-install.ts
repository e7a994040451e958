/** Where PocketSphinx and its models are on this machine, and which kind of PocketSphinx it is. */
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { EngineError, ModelError } from '../domain/errors.ts';
import { findProgram, spawnNative } from '../native/spawn.ts';
import type { EngineCheck, ResolvedModel } from './engine.ts';

export const PROGRAM = 'pocketsphinx_batch';
export const DEFAULT_MODEL = 'en-us';
/** Under these prefixes `share/pocketsphinx/model` is looked for: Debian, a build by hand, Homebrew on Apple chips. */
const PREFIXES = ['/usr', '/usr/local', '/opt/homebrew'];
export const INSTALL =
  process.platform === 'darwin'
    ? 'Run: brew install cmu-pocketsphinx'
    : 'Run: sudo apt-get install pocketsphinx pocketsphinx-en-us';

/** The three parts that PocketSphinx needs. */
export interface ModelFiles {
  /** The folder of the acoustic model. */
  acoustic: string;
  languageModel: string;
  dictionary: string;
}

/** @throws ModelError with the remedy when the program is not installed. */
export function requirePocketSphinx(): string {
  const program = findProgram(PROGRAM);
  if (program) return program;
  throw new ModelError('PocketSphinx is not installed.', { remedy: INSTALL });
}

/** What was found, for `longhand doctor`. */
export async function checkPocketSphinx(): Promise<EngineCheck> {
  const program = findProgram(PROGRAM);
  if (!program) return { available: false, detail: `${PROGRAM} is not on PATH`, remedy: INSTALL };
  try {
    const model = await resolvePocketSphinxModel('auto');
    return { available: true, detail: `${PROGRAM} at ${program}, model ${model.name} in ${model.path}` };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { available: false, detail: error.message, remedy: error.remedy ?? INSTALL };
  }
}

/**
 * The model for a request: `auto` and `en-us` mean the one that is installed with PocketSphinx; a path means a folder laid
 * out like it (a folder with the acoustic model, a language model, a dictionary).
 * @throws ModelError when it is not there or not complete.
 */
export async function resolvePocketSphinxModel(requested: string): Promise<ResolvedModel> {
  if (requested === 'auto' || requested === DEFAULT_MODEL) {
    const path = await findModelFolder();
    const model = { name: DEFAULT_MODEL, path };
    return requested === 'auto' ? { ...model, reason: 'the English model that comes with PocketSphinx' } : model;
  }
  if (!isAbsolute(requested) && !requested.includes('/')) {
    const remedy = `Use --model auto, or the path of a folder with a PocketSphinx model.`;
    throw new ModelError(`PocketSphinx has no model "${requested}"; it has ${DEFAULT_MODEL}.`, { remedy });
  }
  const path = resolve(requested);
  await readModelFolder(path);
  return { name: basename(path), path };
}

async function findModelFolder(): Promise<string> {
  const program = findProgram(PROGRAM);
  const prefixes = new Set([...(program ? [dirname(dirname(program))] : []), ...PREFIXES]);
  const folders = [...prefixes].map((prefix) => join(prefix, 'share/pocketsphinx/model', DEFAULT_MODEL));
  for (const folder of folders) {
    try {
      await readModelFolder(folder);
      return folder;
    } catch (error) {
      if (!(error instanceof ModelError)) throw error; // Not in this folder; the next one may have it.
    }
  }
  const more = { remedy: INSTALL, evidence: `Looked in ${folders.join(', ')}.` };
  throw new ModelError(`The PocketSphinx model ${DEFAULT_MODEL} is not installed.`, more);
}

/** @throws ModelError when the folder does not hold all three parts. */
export async function readModelFolder(folder: string): Promise<ModelFiles> {
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new ModelError(`The PocketSphinx model folder ${folder} cannot be read (${code}).`, { remedy: INSTALL });
  }
  // The phone language model beside it knows sounds, not words.
  const languageModel = names.find((name) => /\.lm(\.bin)?$/.test(name) && !name.includes('phone'));
  const dictionary = names.find((name) => /\.dict?$/.test(name));
  let acoustic: string | undefined;
  for (const name of names) if (await isFile(join(folder, name, 'mdef'))) acoustic ??= name;
  const missing = [
    ...(acoustic ? [] : ['an acoustic model (a folder with mdef)']),
    ...(languageModel ? [] : ['a language model (.lm or .lm.bin)']),
    ...(dictionary ? [] : ['a dictionary (.dict)']),
  ];
  if (!acoustic || !languageModel || !dictionary) {
    throw new ModelError(`The PocketSphinx model in ${folder} lacks ${missing.join(' and ')}.`, { remedy: INSTALL });
  }
  return {
    acoustic: join(folder, acoustic),
    languageModel: join(folder, languageModel),
    dictionary: join(folder, dictionary),
  };
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

const optionLists = new Map<string, Promise<string>>();

/** Whether this PocketSphinx knows an option: called without any, it prints them all. Version 5 dropped `-remove_silence`. */
export async function knowsOption(program: string, option: string): Promise<boolean> {
  let list = optionLists.get(program);
  if (!list) {
    list = listOptions(program);
    optionLists.set(program, list);
    list.catch(() => optionLists.delete(program)); // Whoever asked gets the error; the next one asks anew.
  }
  return (await list).split(/\s+/).includes(option);
}

async function listOptions(program: string): Promise<string> {
  const child = spawnNative(program, [], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr] as Readable[]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  await once(child, 'close');
  if (!/-hmm\b/.test(text))
    throw new EngineError(`${program} does not list its options.`, { evidence: text.slice(-2_000) });
  return text;
}
