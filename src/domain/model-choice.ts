/**
 * Which Whisper model `auto` means for a recording, and which is the next smaller one.
 *
 * A short recording gets `base`, a clear one `large`, any other `medium`: the best text for which somebody waits as long
 * as the recording is worth. What is not installed, does not know the language or does not fit into memory is passed by;
 * fewer engine workers come before a smaller model.
 */
import { inWords } from './admission.ts';
import { byteSize } from './bytes.ts';
import { duration } from './duration.ts';

export interface InstalledModel {
  /** As in the catalogue (`base`, `large-v3-turbo`), or the name of a file. */
  name: string;
  sizeBytes: number;
  /** True where the model's vocabulary says so; else the name does (`base.en`). */
  englishOnly?: boolean;
}

/** The sound of a recording, as `prepare` measured it. */
export interface SoundQuality {
  /** The highest frequency that speech reaches in it. */
  bandwidthHz: number;
  /** Speech over background noise, in decibels. */
  snrDb: number;
}

export interface ModelWish {
  durationSeconds: number;
  /** Undefined when it was not measured; then the sound counts as ordinary. */
  quality: SoundQuality | undefined;
  /** BCP 47, or `auto`. */
  language: string;
  /** Usable ones only. */
  installed: readonly InstalledModel[];
  /** Engine workers side by side, as wished for. */
  processes: number;
  /** Measured. */
  freeBytes: number;
  /** MAX_MEMORY_PER_TRANSCRIPTION. */
  limitBytes: number;
}

/** No model can do it: what is in the way and what to do, with the kind of error it is. */
export interface NoModel {
  kind: 'model' | 'memory';
  problem: string;
  remedy: string;
}

export interface ModelChoice {
  model: string;
  /** At most as many as wished for. */
  processes: number;
  /** Why, as it follows a colon. */
  reason: string;
}

const SHORT_SECONDS = 5 * 60;
/** Wideband speech reaches up to here, telephone speech to 3.4 kHz (ITU-T G.722, clause 1; G.712). */
const CLEAR_BANDWIDTH_HZ = 7_000;
/** Our choice: noise at a tenth of the speech's amplitude. */
const CLEAR_SNR_DB = 20;

type Family = 'tiny' | 'base' | 'small' | 'large-v3-turbo' | 'medium' | 'large';

/**
 * The published files and what one whisper-cli needs to work with each: the higher of two figures. The first stands in
 * README.md of whisper.cpp 1.9.1 ('Memory usage': tiny 273 MB, base 388 MB, small 852 MB, medium 2.1 GB, large 3.9 GB).
 * The second was measured: peak resident memory of that version with a beam of five, as Longhand runs it, on files of
 * exactly these shapes (tiny 186, base 300, small 789, turbo 1,891, medium 2,173, large 4,096 MB). The caches of five
 * beams, which grow with width and layers of the decoder, are what README.md falls short of for the larger models.
 */
const FAMILIES: Readonly<Record<Family, { sizeBytes: number; needBytes: number }>> = {
  tiny: { sizeBytes: 77_691_713, needBytes: 273e6 },
  base: { sizeBytes: 147_951_465, needBytes: 388e6 },
  small: { sizeBytes: 487_601_967, needBytes: 852e6 },
  'large-v3-turbo': { sizeBytes: 1_624_555_275, needBytes: 1_900e6 },
  medium: { sizeBytes: 1_533_763_059, needBytes: 2_175e6 },
  large: { sizeBytes: 3_095_033_483, needBytes: 4_100e6 },
};

/** The runner beside its engine workers: Node and the chunk in hand. */
export const RUNNER_BYTES = 100e6;

/** A smaller model is one that needs at most so much of the memory; one that needs hardly less would end the same way. */
const SMALLER_SHARE = 0.9;

/**
 * What stands first is wished for; the rest replaces it, in this order. Turbo is as fast as medium and hears about as
 * well as large. For a short recording a larger model is a matter of minutes; for a long one `large` would take hours
 * that nobody asked for, so there it comes last.
 */
const PREFERENCES: Readonly<Record<'short' | 'clear' | 'ordinary', readonly [Family, ...Family[]]>> = {
  short: ['base', 'small', 'tiny', 'medium', 'large-v3-turbo', 'large'],
  clear: ['large', 'large-v3-turbo', 'medium', 'small', 'base', 'tiny'],
  ordinary: ['medium', 'large-v3-turbo', 'small', 'base', 'tiny', 'large'],
};

/**
 * Chooses a model and how many engine workers share the work.
 * @returns the choice with its reason; or what is in the way, where no installed model can do it within the memory
 */
export function chooseModel(wish: ModelWish): ModelChoice | NoModel {
  const usable = usableModels(wish.installed, wish.language);
  if (usable.length === 0) return nothingUsable(wish);
  const { occasion, because } = occasionOf(wish);
  const [ideal] = PREFERENCES[occasion];
  const candidates = usable.sort((a, b) => rankOf(a, PREFERENCES[occasion]) - rankOf(b, PREFERENCES[occasion]));
  const detours = missing(ideal, candidates, wish);
  for (const model of candidates) {
    const processes = processesThatFit(model, wish.processes, memoryBytes(wish));
    if (processes > 0) {
      const reason = [because, ...detours, ...fewerProcesses(processes, wish)].join('; ');
      return { model: model.name, processes, reason };
    }
    detours.push(doesNotFit(model, wish));
  }
  return nothingFits(candidates, wish);
}

/**
 * The installed model that needs the most memory among those that need clearly less than this one.
 * @param current the model of the run that had too little
 * @param language BCP 47, or `auto`
 * @returns its name; or why there is none, as a sentence
 */
export function nextSmallerModel(
  current: string,
  installed: readonly InstalledModel[],
  language: string,
): { model: string } | NoModel {
  const family = familyOf(current);
  const known = installed.find(({ name }) => name === current);
  const currentBytes = known ? memoryNeedBytes(known) : family && FAMILIES[family].needBytes;
  const mostBytes = SMALLER_SHARE * (currentBytes ?? 0);
  const [next] = usableModels(installed, language)
    .filter((model) => familyOf(model.name) && memoryNeedBytes(model) <= mostBytes)
    .sort((a, b) => memoryNeedBytes(b) - memoryNeedBytes(a));
  if (next) return { model: next.name };
  return {
    kind: 'memory',
    problem: `No installed model is known to need less memory than ${current}.`,
    remedy: family === 'tiny' ? 'Close other programs.' : 'Run: longhand models pull tiny',
  };
}

/** Memory that one engine worker with this model needs. */
export function memoryNeedBytes({ name, sizeBytes }: Pick<InstalledModel, 'name' | 'sizeBytes'>): number {
  // What it works with has the size of the model's shape, also when its weights are quantised.
  const shape = FAMILIES[familyOf(name) ?? familyOfSize(sizeBytes)];
  return sizeBytes + shape.needBytes - shape.sizeBytes;
}

/** Memory that all processes of a job need together: the runner and its engine workers. */
export function jobNeedBytes(model: Pick<InstalledModel, 'name' | 'sizeBytes'>, processes: number): number {
  return RUNNER_BYTES + processes * memoryNeedBytes(model);
}

/** How many engine workers with this model, of those wished for, fit; 0 when not even one does. */
export function processesThatFit(
  model: Pick<InstalledModel, 'name' | 'sizeBytes'>,
  wished: number,
  availableBytes: number,
): number {
  const fitting = Math.floor((availableBytes - RUNNER_BYTES) / memoryNeedBytes(model));
  return Math.max(0, Math.min(wished, fitting));
}

/** `ggml-` and `.bin` where a file is meant, then the family, its version, English only, speaker turns, quantised. */
const NAME =
  /^(?:ggml-)?(tiny|base|small|medium|large(?:-v\d)?(-turbo)?|turbo)(\.en)?(?:-tdrz)?(?:-q\d_\d)?(?:\.bin)?$/;

function familyOf(name: string): Family | undefined {
  const [, family, turbo] = NAME.exec(name) ?? [];
  if (turbo || family === 'turbo') return 'large-v3-turbo';
  return family?.startsWith('large') ? 'large' : (family as Family | undefined);
}

/** A model nobody knows by name works like the smallest published one that is not smaller. */
function familyOfSize(bytes: number): Family {
  const bySize = (Object.keys(FAMILIES) as Family[]).sort((a, b) => FAMILIES[a].sizeBytes - FAMILIES[b].sizeBytes);
  return bySize.find((family) => FAMILIES[family].sizeBytes >= bytes) ?? 'large';
}

function isEnglishOnly({ name, englishOnly }: InstalledModel): boolean {
  return englishOnly ?? NAME.exec(name)?.[3] !== undefined;
}

/**
 * Those that know the language, the better ones of the same family first: for English those that know nothing else, then
 * the larger file. When the language is not known yet, an English one only counts when there is no other.
 */
function usableModels(installed: readonly InstalledModel[], language: string): InstalledModel[] {
  const isEnglish = language.split('-')[0]?.toLowerCase() === 'en';
  const all = [...installed].sort((a, b) => b.sizeBytes - a.sizeBytes);
  if (isEnglish) return all.sort((a, b) => Number(isEnglishOnly(b)) - Number(isEnglishOnly(a)));
  const multilingual = all.filter((model) => !isEnglishOnly(model));
  return multilingual.length === 0 && language === 'auto' ? all : multilingual;
}

/** Models of no known family come last. */
function rankOf({ name }: InstalledModel, preference: readonly Family[]): number {
  const family = familyOf(name);
  return family ? preference.indexOf(family) : preference.length;
}

function occasionOf({ durationSeconds, quality }: ModelWish): {
  occasion: keyof typeof PREFERENCES;
  because: string;
} {
  if (durationSeconds < SHORT_SECONDS) return { occasion: 'short', because: 'the recording is shorter than 5 min' };
  const length = `the recording is ${duration(durationSeconds)} long`;
  if (!quality) return { occasion: 'ordinary', because: length };
  const sound = `(up to ${(quality.bandwidthHz / 1000).toFixed(1)} kHz, ${Math.round(quality.snrDb)} dB above the noise)`;
  const isClear = quality.bandwidthHz >= CLEAR_BANDWIDTH_HZ && quality.snrDb >= CLEAR_SNR_DB;
  return isClear
    ? { occasion: 'clear', because: `${length} and its sound is clear ${sound}` }
    : { occasion: 'ordinary', because: `${length} and its sound is not clear enough for large ${sound}` };
}

/** Why the model that was wished for first is not among those that can be used. */
function missing(ideal: Family, candidates: readonly InstalledModel[], { installed }: ModelWish): string[] {
  const isIdeal = ({ name }: InstalledModel) => familyOf(name) === ideal;
  if (candidates.some(isIdeal)) return [];
  return [installed.some(isIdeal) ? `${ideal} does not know the language` : `${ideal} is not installed`];
}

function doesNotFit(model: InstalledModel, wish: ModelWish): string {
  const { need, room } = inWords(jobNeedBytes(model, 1), memoryBytes(wish));
  return `${model.name} needs ${need} of memory, and ${room} ${areWhere(wish)}`;
}

function fewerProcesses(processes: number, wish: ModelWish): string[] {
  if (processes === wish.processes) return [];
  const workers = processes === 1 ? '1 engine worker' : `${processes} engine workers`;
  return [`${workers} instead of ${wish.processes} to stay within ${byteSize(memoryBytes(wish))}`];
}

function memoryBytes({ freeBytes, limitBytes }: ModelWish): number {
  return Math.min(freeBytes, limitBytes);
}

function areWhere({ freeBytes, limitBytes }: ModelWish): string {
  return freeBytes < limitBytes ? 'are free' : 'may be used';
}

function nothingUsable({ installed, language }: ModelWish): NoModel {
  const problem =
    installed.length === 0
      ? 'No Whisper model is installed.'
      : `The installed Whisper models understand English only, not '${language}'.`;
  return { kind: 'model', problem, remedy: 'Run: longhand models pull base' };
}

function nothingFits(candidates: readonly InstalledModel[], wish: ModelWish): NoModel {
  const [least] = [...candidates].sort((a, b) => memoryNeedBytes(a) - memoryNeedBytes(b)) as [InstalledModel];
  const { need, room } = inWords(jobNeedBytes(least, 1), memoryBytes(wish));
  const makeRoom =
    wish.freeBytes < wish.limitBytes ? 'Close other programs' : 'Set MAX_MEMORY_PER_TRANSCRIPTION higher';
  return {
    kind: 'memory',
    problem: `The installed model that needs the least memory, ${least.name}, needs ${need}, and ${room} ${areWhere(wish)}.`,
    remedy: familyOf(least.name) === 'tiny' ? `${makeRoom}.` : `${makeRoom}, or run: longhand models pull tiny`,
  };
}
