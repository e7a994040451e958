import type { Setting, SettingName } from '../../api-types.ts';
import { useWords } from '../../words/catalogue.ts';
import { sizeInWords } from './setting-values.ts';
import { settingsWords } from './words.ts';

/** What settings and their values are called, in the language that is shown. */
export function useSettingNames() {
  const { page: words, names, choices } = useWords(settingsWords);
  const named = (name: string) => names[name as SettingName];
  const choice = (name: string, value: string) => choices[name]?.[value] ?? value;
  return {
    name: (setting: string) => named(setting)?.[0] ?? setting,
    about: (setting: Pick<Setting, 'name' | 'about'>) => named(setting.name)?.[1],
    choice,
    /** `30 days`, `2 GB`, `on`. */
    value: ({ name, kind, unit, secret }: Setting, value: Setting['value']) => {
      if (value === null) return words.notSet;
      if (secret) return words.isSet;
      if (typeof value === 'boolean') return value ? words.yes : words.no;
      if (Array.isArray(value)) return value.join(', ');
      if (unit === 'bytes' && typeof value === 'number') return sizeInWords(value);
      if (unit) return `${value} ${words.units[unit]}`;
      return kind === 'choice' ? choice(name, String(value)) : String(value);
    },
  };
}
