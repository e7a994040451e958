import type { ComponentProps, ReactNode } from 'react';
import styles from './Button.module.css';

interface ButtonProps extends ComponentProps<'button'> {
  /** `primary`: the one thing to do here. `danger`: something is lost by it. */
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  size?: 'm' | 's';
  icon?: ReactNode;
  /** What it began is still going on. */
  busy?: boolean;
}

export function Button({ kind = 'plain', size = 'm', icon, busy = false, className, children, ...rest }: ButtonProps) {
  const classes = [styles.button, styles[kind], styles[size], className].filter(Boolean).join(' ');
  return (
    <button type="button" {...rest} className={classes} disabled={rest.disabled || busy} aria-busy={busy || undefined}>
      {icon}
      {children}
    </button>
  );
}

/** A button that is only an icon: `label` is what it is called. */
export function IconButton({ label, children, className, ...rest }: ComponentProps<'button'> & { label: string }) {
  const classes = [styles.button, styles.icon, className].filter(Boolean).join(' ');
  return (
    <button type="button" {...rest} className={classes} aria-label={label} title={label}>
      {children}
    </button>
  );
}
