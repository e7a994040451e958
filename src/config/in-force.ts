/**
 * The settings of a running owner: what holds now, and what is to hold after a restart.
 *
 * All parts of the owner read the same object, whose values follow those changes that may hold at once; a part that takes
 * a value once, at its start, keeps it, and so does whatever needs a restart.
 */
import { SETTING_FORMS } from './forms.ts';
import { isSetting, keptSettingsFile, readKeptSettings } from './kept.ts';
import { type Config, SETTINGS, type SettingName } from './schema.ts';
import { SettingFixedError, SettingRefusedError, SettingValueError, UnknownSettingError } from './setting-errors.ts';
import { defaultOf, type SettingSource, sourceOf, whereSet } from './sources.ts';
import { nearest } from './suggest.ts';
import { HIDDEN, shownValue, type ToldSetting, type ToldValue, toldSetting } from './told.ts';

const NAMES = Object.keys(SETTINGS) as SettingName[];

export interface InForceOptions {
  /** Writes a whole file, or leaves the one that was there. */
  write(path: string, text: string): Promise<void>;
  /** Hides what must not be seen in a text. */
  hide(text: string): string;
  /** Called when these were changed; what may hold at once does. */
  onChange(names: readonly SettingName[]): void;
}

/** One setting that was changed, as it may be seen. */
export interface SettingStep {
  name: string;
  from: ToldValue;
  to: ToldValue;
  /** It is again as if nobody had changed it here. */
  reset: boolean;
}

/**
 * Makes a change that is about to be written hold, with a trace of it.
 * @param write writes the settings; called once or not at all
 */
export type Commit = (steps: readonly SettingStep[], write: () => Promise<void>) => Promise<void>;

export class SettingsInForce {
  /** What holds now. Read it anew each time: values change. */
  readonly config: Config;
  readonly #started: Config;
  readonly #options: InForceOptions;
  /** What holds. */
  readonly #held: Record<string, unknown>;
  /** What is to hold, at the latest after a restart. */
  readonly #wanted: Record<string, unknown>;
  readonly #sources: Record<string, SettingSource>;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param started as they were read at the start */
  constructor(started: Config, options: InForceOptions) {
    this.#started = started;
    this.#options = options;
    this.#held = { ...started };
    this.#wanted = { ...started };
    this.#sources = Object.fromEntries(NAMES.map((name) => [name, sourceOf(started, name)]));
    this.config = followed(this.#held);
  }

  /** Every setting, in the order of their schema. */
  told(): ToldSetting[] {
    return NAMES.map((name) => this.#told(name));
  }

  /**
   * Changes settings: all of them or, where one cannot be, none. One after the other.
   * @param changes by their names; null sets one back to what it is when nobody sets it
   * @returns those that are other than before
   * @throws UnknownSettingError; SettingValueError; SettingFixedError; SettingRefusedError; what `commit` throws
   */
  change(changes: Readonly<Record<string, unknown>>, commit: Commit): Promise<ToldSetting[]> {
    const done = this.#turn.then(() => this.#change(changes, commit));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #change(changes: Readonly<Record<string, unknown>>, commit: Commit): Promise<ToldSetting[]> {
    const checked = Object.entries(changes).map(([name, value]) => this.#checked(name, value));
    const { dataDir } = this.#started;
    const { values: kept } = readKeptSettings(dataDir);
    const next: Record<string, unknown> = { ...kept };
    for (const { name, value, reset } of checked) {
      if (reset) delete next[name];
      else next[name] = value;
    }
    const changed = checked.filter(({ name }) => !isSame(kept[name], next[name]));
    if (changed.length === 0) return [];
    const { hide, write } = this.#options;
    const file = keptSettingsFile(dataDir);
    const steps = changed.map(({ name, value, reset }) => ({
      name,
      from: shownValue(name, this.#wanted[name], hide),
      to: shownValue(name, value, hide),
      reset,
    }));
    let isWritten = false;
    try {
      await commit(steps, async () => {
        await write(file, textOf(next));
        isWritten = true;
      });
    } catch (error) {
      // What nobody has noted down must not hold after the next start.
      if (isWritten) await write(file, textOf(kept));
      throw error;
    }
    for (const { name, value, reset } of changed) {
      this.#wanted[name] = value;
      this.#sources[name] = reset ? 'default' : 'page';
      if (SETTING_FORMS[name].change === 'at once') this.#held[name] = value;
    }
    const names = changed.map(({ name }) => name);
    this.#options.onChange(names);
    return names.map((name) => this.#told(name));
  }

  #checked(name: string, given: unknown): { name: SettingName; value: unknown; reset: boolean } {
    if (!isSetting(name)) throw new UnknownSettingError(name, nearest(name, NAMES));
    const { env, about } = SETTINGS[name];
    const { change } = SETTING_FORMS[name];
    if (typeof change === 'object') throw new SettingRefusedError(name, change.refused, env);
    const where = whereSet(this.#started, name);
    if (where !== undefined) throw new SettingFixedError(name, where);
    if (given === null) return { name, value: defaultOf(this.#started, name), reset: true };
    if (typeof given === 'string' && given.includes(HIDDEN)) {
      throw new SettingValueError(name, `${HIDDEN} stands for what is not shown`, about);
    }
    const parsed = SETTINGS[name].type.safeParse(given);
    if (!parsed.success) {
      const problem = parsed.error.issues[0]?.message ?? 'it is not valid';
      throw new SettingValueError(name, problem.replace(/\.$/, ''), about);
    }
    return { name, value: parsed.data, reset: false };
  }

  #told(name: SettingName): ToldSetting {
    const { change } = SETTING_FORMS[name];
    const where = whereSet(this.#started, name);
    const whyNot =
      typeof change === 'object'
        ? `It can be changed only where Longhand runs: ${change.refused}.`
        : where && `It is set ${where}, which counts more.`;
    const state = {
      value: this.#wanted[name],
      default: defaultOf(this.#started, name),
      source: this.#sources[name] ?? 'default',
      whyNot,
      waitsForRestart: !isSame(this.#wanted[name], this.#held[name]),
    };
    return toldSetting(name, state, this.#options.hide);
  }
}

/** A frozen object of which each value is that of the other one. */
function followed(values: Record<string, unknown>): Config {
  const config = {};
  for (const name of NAMES) Object.defineProperty(config, name, { enumerable: true, get: () => values[name] });
  return Object.freeze(config) as Config;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function textOf(values: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(values, null, 2)}\n`;
}
