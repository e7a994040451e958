import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './Menu.module.css';

export interface MenuEntry {
  label: string;
  icon?: ReactNode;
  /** Something is lost by it. */
  danger?: boolean;
  disabled?: boolean;
  onSelect(): void;
}

/** A button with things to do behind it. `trigger` is the button. */
export function Menu({ trigger, entries }: { trigger: ReactNode; entries: (MenuEntry | 'line')[] }) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles.menu} align="end" sideOffset={4} collisionPadding={8}>
          {entries.map((entry, at) =>
            entry === 'line' ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines are all alike, and entries do not move
              <DropdownMenu.Separator key={at} className={styles.line} />
            ) : (
              <DropdownMenu.Item
                key={entry.label}
                className={`${styles.entry} ${entry.danger ? styles.danger : ''}`}
                disabled={entry.disabled ?? false}
                onSelect={entry.onSelect}
              >
                {entry.icon}
                {entry.label}
              </DropdownMenu.Item>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
