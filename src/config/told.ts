import { SETTING_FORMS, type SettingField, type SettingGroup, type SettingUnit } from './forms.ts';
import { SETTINGS, type SettingName } from './schema.ts';
import type { SettingSource } from './sources.ts';

export type ToldValue = string | number | boolean | string[] | null;

/** A setting as it may be shown, with what a form needs to change it. */
export interface ToldSetting {
  /** In the settings file. */
  name: string;
  /** In the environment. */
  variable: string;
  /** What it is, in which unit. */
  about: string;
  group: SettingGroup;
  kind: SettingField['kind'];
  unit: SettingUnit | null;
  /** Limits of a number: the least and the most that it may be, or what it must be above. */
  min: number | null;
  max: number | null;
  above: number | null;
  /** Only whole numbers. */
  whole: boolean;
  choices: string[] | null;
  /** As it is set; null where nothing is, `[hidden]` for a secret. */
  value: ToldValue;
  /** What it is when nobody sets it. */
  default: ToldValue;
  source: SettingSource;
  /** Its value is never told. */
  secret: boolean;
  /** Whether it can be changed here, and if not why. */
  changeable: boolean;
  whyNot: string | null;
  /** A change of it holds after a restart, not at once. */
  needsRestart: boolean;
  /** It was changed, and what it was before still holds. */
  waitsForRestart: boolean;
}

/** What stands for what is not shown. */
export const HIDDEN = '[hidden]';

/** What is known of a setting beyond its schema and its form. */
export interface SettingState {
  value: unknown;
  default: unknown;
  source: SettingSource;
  whyNot: string | undefined;
  waitsForRestart: boolean;
}

/**
 * A setting as it may be shown.
 * @param hide hides what must not be seen in a text
 */
export function toldSetting(name: SettingName, state: SettingState, hide: (text: string) => string): ToldSetting {
  const { group, field, change, secret = false } = SETTING_FORMS[name];
  const isNumber = field.kind === 'number' || field.kind === 'duration';
  const { unit, min, max, above, whole } = isNumber ? field : NO_NUMBER;
  return {
    name,
    variable: SETTINGS[name].env,
    about: SETTINGS[name].about,
    ...{ group, kind: field.kind, unit, min, max, above, whole },
    choices: field.kind === 'choice' ? [...field.choices] : null,
    value: shownValue(name, state.value, hide),
    default: shownValue(name, state.default, hide),
    source: state.source,
    secret,
    changeable: state.whyNot === undefined,
    whyNot: state.whyNot ?? null,
    needsRestart: change === 'restart',
    waitsForRestart: state.waitsForRestart,
  };
}

const NO_NUMBER = { unit: null, min: null, max: null, above: null, whole: false } as const;

/** The value of a setting as it may be seen: nothing of a secret, no password of an address. */
export function shownValue(name: SettingName, value: unknown, hide: (text: string) => string): ToldValue {
  if (value === undefined || value === null) return null;
  if (SETTING_FORMS[name].secret) return HIDDEN;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.map((part) => hide(String(part))) : hide(String(value));
}
