import { X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';
import { useWords } from '../words/catalogue.ts';
import { commonWords } from '../words/common.ts';
import { IconButton } from './Button.tsx';
import styles from './Dialog.module.css';

interface DialogProps {
  open: boolean;
  onClose(): void;
  title: string;
  /** What it is about, under its title. */
  about?: ReactNode;
  children?: ReactNode;
  /** Its buttons: the one to take last. */
  actions?: ReactNode;
}

/** Asks something, or shows something, before all else. Escape and a click beside it close it. */
export function Dialog({ open, onClose, title, about, children, actions }: DialogProps) {
  const words = useWords(commonWords);
  return (
    <Primitive.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className={styles.veil} />
        <Primitive.Content className={styles.dialog} {...(about ? {} : { 'aria-describedby': undefined })}>
          <header className={styles.head}>
            <Primitive.Title className={styles.title}>{title}</Primitive.Title>
            <Primitive.Close asChild>
              <IconButton label={words.close}>
                <X />
              </IconButton>
            </Primitive.Close>
          </header>
          {about && <Primitive.Description className={styles.about}>{about}</Primitive.Description>}
          {children}
          {actions && <footer className={styles.actions}>{actions}</footer>}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
