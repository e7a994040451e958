import styles from './ProgressBar.module.css';

interface ProgressBarProps {
  /** 0 to 100. */
  value: number;
  /** What it is that goes on, for who does not see it. */
  label: string;
  tone?: 'work' | 'good' | 'warn' | 'bad';
}

export function ProgressBar({ value, label, tone = 'work' }: ProgressBarProps) {
  const shown = Math.max(0, Math.min(100, value));
  return (
    <div
      className={styles.track}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(shown)}
    >
      <div className={`${styles.bar} ${styles[tone]}`} style={{ transform: `scaleX(${shown / 100})` }} />
    </div>
  );
}
