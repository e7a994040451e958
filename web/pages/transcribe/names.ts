/** What engines and languages are called. */
import { locale } from '../../format.ts';

const ENGINES: Record<string, string> = { whisper: 'Whisper', pocketsphinx: 'PocketSphinx', openai: 'OpenAI API' };

export function engineName(name: string): string {
  return ENGINES[name] ?? name;
}

/** `th` is Thai, in the language of the page. A code that is none stays as it is. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames([locale()], { type: 'language' }).of(code) ?? code;
  } catch (error) {
    if (error instanceof RangeError) return code;
    throw error;
  }
}
