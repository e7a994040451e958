import { type ComponentProps, type ReactNode, useId } from 'react';
import styles from './Field.module.css';

interface FieldProps {
  label: string;
  /** What it does, or in which unit. */
  hint?: ReactNode;
  /** What is wrong with what stands in it. */
  fault?: string | undefined;
}

type Described = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined };

function Frame({ label, hint, fault, control }: FieldProps & { control(described: Described): ReactNode }) {
  const id = useId();
  const about = hint || fault ? `${id}-about` : undefined;
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      {control({ id, 'aria-describedby': about, 'aria-invalid': fault ? true : undefined })}
      {about && (
        <p id={about} className={fault ? styles.fault : styles.hint}>
          {fault ?? hint}
        </p>
      )}
    </div>
  );
}

/** A line to type into, with what it is called above and what it means below. */
export function TextField({ label, hint, fault, ...rest }: FieldProps & ComponentProps<'input'>) {
  return (
    <Frame
      {...{ label, hint, fault }}
      control={(described) => <input type="text" {...rest} {...described} className={styles.input} />}
    />
  );
}

/** One of several; each as `[value, what it is called]`. */
export function SelectField({
  label,
  hint,
  fault,
  choices,
  ...rest
}: FieldProps & ComponentProps<'select'> & { choices: readonly (readonly [value: string, label: string])[] }) {
  return (
    <Frame
      {...{ label, hint, fault }}
      control={(described) => (
        <select {...rest} {...described} className={styles.input}>
          {choices.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      )}
    />
  );
}

/** On or off. */
export function SwitchField({ label, hint, ...rest }: Omit<FieldProps, 'fault'> & ComponentProps<'input'>) {
  const id = useId();
  return (
    <div className={styles.switchField}>
      <input
        type="checkbox"
        {...rest}
        id={id}
        className={styles.switch}
        aria-describedby={hint ? `${id}-about` : undefined}
      />
      <div>
        <label htmlFor={id} className={styles.switchLabel}>
          {label}
        </label>
        {hint && (
          <p id={`${id}-about`} className={styles.hint}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
