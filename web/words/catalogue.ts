/**
 * What the page says, in each of its languages. A page keeps its sentences in a file of its own; a sentence that one
 * language lacks is an error of the compiler.
 */
import { useSyncExternalStore } from 'react';

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

export interface Catalogue<T> {
  en: T;
  th: SameWords<T>;
}

const CHOICE = 'longhand.language';
const listeners = new Set<() => void>();
let language = chosen() ?? preferred();

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

/** Shows another language, here and when the page is opened again. */
export function chooseLanguage(next: Language): void {
  language = next;
  localStorage.setItem(CHOICE, next);
  document.documentElement.lang = next;
  for (const listener of listeners) listener();
}

document.documentElement.lang = language;

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
  return shown === 'th' ? catalogue.th : (catalogue.en as SameWords<T>);
}
