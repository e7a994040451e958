/**
 * What the page says, in each of its languages. Each page keeps its sentences in files of its own, one for each language
 * (`words.en.ts`, `words.th.ts`), so that a browser loads those alone that it shows. A sentence that one language lacks is an
 * error of the compiler.
 *
 * The sentences of a page are loaded together with its code (`loadPart`), and those of another language before it is shown, so
 * that whatever is drawn has its words at once.
 */
import { use, useSyncExternalStore } from 'react';

export const LANGUAGES = ['en', 'th'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The same keys with a sentence each; those that take something take the same. */
export type SameWords<T> = {
  [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...given: infer Given) => string
      ? (...given: Given) => string
      : SameWords<T[K]>;
};

/** The sentences of a part of the page. */
export interface Catalogue<T> {
  /** Those of a language, once they are loaded. */
  in(language: Language): SameWords<T> | undefined;
  /** Loads those of a language, once; what failed is tried again when it is asked for again. */
  load(language: Language): Promise<SameWords<T>>;
}

/** A catalogue of whatever sentences. */
type Loadable = Catalogue<unknown>;

/** What a catalogue says: `WordsOf<typeof jobWords>`. */
export type WordsOf<C> = C extends Catalogue<infer T> ? SameWords<T> : never;

/** @param files the file of each language */
export function catalogue<T>(files: {
  en: () => Promise<{ default: T }>;
  th: () => Promise<{ default: SameWords<NoInfer<T>> }>;
}): Catalogue<T> {
  const loaded = new Map<Language, SameWords<T>>();
  const begun = new Map<Language, Promise<SameWords<T>>>();
  const read = async (next: Language) => {
    try {
      const words = (await files[next]()).default as SameWords<T>;
      loaded.set(next, words);
      return words;
    } catch (error) {
      begun.delete(next);
      throw error;
    }
  };
  const self: Catalogue<T> = {
    in: (asked) => loaded.get(asked),
    load: (asked) => {
      inUse.add(self);
      const words = begun.get(asked) ?? read(asked);
      begun.set(asked, words);
      return words;
    },
  };
  return self;
}

const CHOICE = 'longhand.language';
const listeners = new Set<() => void>();
/** Catalogues that are loaded in some language, or are about to be. */
const inUse = new Set<Loadable>();
let language = chosen() ?? preferred();
let wished = language;

function chosen(): Language | undefined {
  const kept = localStorage.getItem(CHOICE);
  return LANGUAGES.find((known) => known === kept);
}

function preferred(): Language {
  return navigator.languages.find((tag) => /^(en|th)\b/.test(tag))?.startsWith('th') ? 'th' : 'en';
}

/** The language that is shown now. */
export function currentLanguage(): Language {
  return language;
}

/**
 * Shows another language, here and when the page is opened again, as soon as its sentences are there.
 *
 * @returns whether it is shown: not if another one was chosen meanwhile
 */
export async function chooseLanguage(next: Language): Promise<boolean> {
  wished = next;
  // Something new may come into use while this waits.
  while (wished === next && [...inUse].some((one) => !one.in(next))) {
    await Promise.all([...inUse].map((one) => one.load(next)));
  }
  if (wished !== next) return false;
  language = next;
  localStorage.setItem(CHOICE, next);
  document.documentElement.lang = next;
  for (const listener of listeners) listener();
  return true;
}

document.documentElement.lang = language;

/**
 * Loads a part of the page and its sentences in the language that is shown, side by side.
 *
 * @param load imports its code
 * @param words what it says
 */
export async function loadPart<P>(load: () => Promise<P>, ...words: readonly Loadable[]): Promise<P> {
  const [part] = await Promise.all([load(), ...words.map((one) => one.load(language))]);
  return part;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The language that is shown; the component is drawn anew when it changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, currentLanguage);
}

/** The sentences of a catalogue in the language that is shown. */
export function useWords<T>(catalogue: Catalogue<T>): SameWords<T> {
  const shown = useLanguage();
  return catalogue.in(shown) ?? use(catalogue.load(shown));
}
