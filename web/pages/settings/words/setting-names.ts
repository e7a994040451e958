import type { SettingName } from '../../../api-types.ts';

/** What each setting is called; and where the name does not say it, what it does. */
export type SettingNames = Readonly<Record<SettingName, readonly [name: string, about?: string]>>;

/** The values of those settings that offer a choice, in words; what is not here is shown as it is. */
export type ChoiceNames = Readonly<Record<string, Readonly<Record<string, string>>>>;
