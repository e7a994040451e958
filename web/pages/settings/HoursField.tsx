import { Plus, X } from 'lucide-react';
import { type ComponentProps, type ReactNode, useId } from 'react';
import { Button, IconButton } from '../../components/Button.tsx';
import fields from '../../components/Field.module.css';
import { useWords } from '../../words/catalogue.ts';
import styles from './HoursField.module.css';
import { type Hours, hoursOf, textOf } from './hours.ts';
import { settingsWords } from './words.ts';

interface HoursFieldProps {
  label: string;
  hint: ReactNode;
  fault: string | undefined;
  disabled: boolean;
  name: string;
  /** As the setting has it. */
  value: string;
  onChange(value: string): void;
}

/** From when to when, once or several times a day. */
export function HoursField({ label, hint, fault, disabled, name, value, onChange }: HoursFieldProps) {
  const words = useWords(settingsWords).recognition;
  const about = useId();
  const all = hoursOf(value);
  const change = (at: number, changed: Partial<Hours>) =>
    onChange(textOf(all.map((hours, index) => (index === at ? { ...hours, ...changed } : hours))));
  const given = {
    ...{ disabled, name },
    'aria-describedby': about,
    'aria-invalid': fault ? true : undefined,
  } as const;
  return (
    <fieldset className={styles.hours} aria-describedby={about}>
      <legend className={fields.label}>{label}</legend>
      {all.map(({ from, to }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing but their place
        <div key={at} className={styles.row}>
          <Time
            {...given}
            label={words.hoursFrom}
            value={from}
            onChange={({ target }) => change(at, { from: target.value })}
          />
          <Time
            {...given}
            label={words.hoursTo}
            value={to}
            onChange={({ target }) => change(at, { to: target.value })}
          />
          {all.length > 1 && !disabled && (
            <IconButton
              label={words.hoursRemove(at + 1)}
              onClick={() => onChange(textOf(all.filter((_, index) => index !== at)))}
            >
              <X />
            </IconButton>
          )}
        </div>
      ))}
      <p id={about} className={fault ? fields.fault : fields.hint} role={fault ? 'alert' : undefined}>
        {fault ?? hint}
      </p>
      {!disabled && all.every(({ from, to }) => from !== '' && to !== '') && (
        <Button size="s" kind="quiet" icon={<Plus />} onClick={() => onChange(`${textOf(all)}, -`)}>
          {words.hoursAdd}
        </Button>
      )}
    </fieldset>
  );
}

function Time({ label, ...rest }: ComponentProps<'input'> & { label: string }) {
  const id = useId();
  return (
    <div className={fields.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <input type="time" {...rest} id={id} className={fields.input} />
    </div>
  );
}
