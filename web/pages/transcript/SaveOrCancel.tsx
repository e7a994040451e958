import { Button } from '../../components/Button.tsx';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import styles from './Dialogs.module.css';

/** The end of a form in a dialog. */
export function SaveOrCancel({ onCancel }: { onCancel(): void }) {
  const common = useWords(commonWords);
  return (
    <p className={styles.actions}>
      <Button onClick={onCancel}>{common.cancel}</Button>
      <Button kind="primary" type="submit">
        {common.save}
      </Button>
    </p>
  );
}
