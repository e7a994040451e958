import { Lock } from 'lucide-react';
import { useId } from 'react';
import type { Setting } from '../../api-types.ts';
import { SelectField, SwitchField, TextField } from '../../components/Field.tsx';
import { useWords, type WordsOf } from '../../words/catalogue.ts';
import styles from './SettingField.module.css';
import { useSettingNames } from './setting-names.ts';
import type { Draft } from './setting-values.ts';
import { settingsWords } from './words.ts';

/** Units that stand in the value or in the name. */
const SAID: ReadonlySet<string> = new Set(['bytes', 'cores']);

export interface SettingFieldProps {
  setting: Setting;
  draft: Draft;
  fault: string | undefined;
  onChange(draft: Draft): void;
  /** Sets it back to what it is when nobody sets it; not there where nobody has. */
  onReset?: (() => void) | undefined;
  /** What is offered, as `[value, what it is called]`, where the setting itself offers nothing. */
  choices?: readonly (readonly [value: string, name: string])[] | undefined;
  /** What is suggested while one types. */
  suggestions?: readonly string[] | undefined;
}

/** One setting in a form; one that something else decides is shown locked, with where it is set. */
export function SettingField(props: SettingFieldProps) {
  const { setting, onReset } = props;
  const words = useWords(settingsWords).page;
  const names = useSettingNames();
  return (
    <div className={styles.setting}>
      <Control {...props} />
      {onReset && (
        <button
          type="button"
          className={styles.reset}
          onClick={onReset}
          aria-label={words.backOf(names.name(setting.name))}
        >
          {words.back} ({names.value(setting, setting.default)})
        </button>
      )}
    </div>
  );
}

function Control({ setting, draft, fault, onChange, choices, suggestions }: SettingFieldProps) {
  const words = useWords(settingsWords).page;
  const names = useSettingNames();
  const list = useId();
  const { name, kind, unit, secret, changeable } = setting;
  const given = {
    label: unit && !SAID.has(unit) ? `${names.name(name)} (${words.units[unit]})` : names.name(name),
    hint: <Hint setting={setting} />,
    disabled: !changeable,
    name,
  };
  if (kind === 'boolean') {
    return <SwitchField {...given} checked={draft === true} onChange={({ target }) => onChange(target.checked)} />;
  }
  const text = { ...given, fault, value: String(draft) };
  const offered = choices ?? setting.choices?.map((value) => [value, names.choice(name, value)] as const);
  if (offered) return <SelectField {...text} choices={offered} onChange={({ target }) => onChange(target.value)} />;
  const isNumber = (kind === 'number' || kind === 'duration') && unit !== 'bytes';
  const usual = setting.default === null ? words.automatic : names.value(setting, setting.default);
  return (
    <>
      <TextField
        {...text}
        type={secret ? 'password' : 'text'}
        autoComplete={secret ? 'new-password' : 'off'}
        inputMode={isNumber ? 'decimal' : 'text'}
        placeholder={
          secret && setting.value !== null ? words.isSet : kind === 'number' || isNumber ? usual : words.notSet
        }
        spellCheck={false}
        {...(suggestions ? { list } : {})}
        onChange={({ target }) => onChange(target.value)}
      />
      {suggestions && (
        <datalist id={list}>
          {suggestions.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </>
  );
}

function Hint({ setting }: { setting: Setting }) {
  const words = useWords(settingsWords).page;
  const about = useSettingNames().about(setting);
  const where = setting.changeable ? setting.needsRestart && words.needsRestart : whereSet(setting, words.locked);
  if (!about && !where) return null;
  return (
    <>
      {about}
      {where && (
        <span className={styles.where}>
          {!setting.changeable && <Lock className={styles.lock} aria-hidden="true" />} {where}
        </span>
      )}
    </>
  );
}

/** Where a setting that cannot be changed here is set. */
export function whereSet(
  { source, variable }: Setting,
  locked: WordsOf<typeof settingsWords>['page']['locked'],
): string {
  switch (source) {
    case 'flag':
    case 'file':
      return locked[source];
    case 'environment':
      return locked.environment(variable);
    case 'page':
    case 'default':
      return locked.machine;
  }
}
