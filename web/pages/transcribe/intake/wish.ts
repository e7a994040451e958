/** What is wanted of the recordings that are sent next. What is left out, the settings of the service say. */

export interface Wish {
  /** '' in each: as the settings say. */
  engine: string;
  model: string;
  language: string;
  priority: string;
  onLeave: '' | 'continue' | 'cancel';
  /** Who gets an e-mail when it is done. */
  email: string;
}

const NOTHING: Wish = { engine: '', model: '', language: '', priority: '', onLeave: '', email: '' };
const CHOICE = 'longhand.wish';

/** As last time, but for what belongs to single recordings. */
export function lastWish(): Wish {
  try {
    const kept = JSON.parse(localStorage.getItem(CHOICE) ?? '{}') as Partial<Wish>;
    const text = (value: unknown) => (typeof value === 'string' ? value : '');
    return { ...NOTHING, engine: text(kept.engine), model: text(kept.model), language: text(kept.language) };
  } catch (error) {
    if (error instanceof SyntaxError) return NOTHING;
    throw error;
  }
}

export function rememberWish({ engine, model, language }: Wish): void {
  localStorage.setItem(CHOICE, JSON.stringify({ engine, model, language }));
}

/** As the metadata of an upload, or the query of a plan: all is text, and what was not said is left out. */
export function asOptions({ email, ...rest }: Wish): Record<string, string> {
  const said = Object.entries(rest).filter(([, value]) => value !== '');
  return { ...Object.fromEntries(said), ...(email === '' ? {} : { notify: JSON.stringify({ email }) }) };
}

export function asPlan({ engine, model, language, priority }: Wish): Record<string, string> {
  return asOptions({ ...NOTHING, engine, model, language, priority });
}
