import { Dialog } from '../../components/Dialog.tsx';
import { TextField } from '../../components/Field.tsx';
import { useWords } from '../../words/catalogue.ts';
import styles from './Dialogs.module.css';
import { SaveOrCancel } from './SaveOrCancel.tsx';
import { transcriptWords } from './words.ts';

/** As long as the service takes one. */
const LONGEST_NOTE = 1_000;

/** Why a version is made, for whoever looks at the versions. */
export function NoteDialog({ onSave, onClose }: { onSave(note: string): void; onClose(): void }) {
  const words = useWords(transcriptWords);
  return (
    <Dialog open onClose={onClose} title={words.noteTitle}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          const note = String(new FormData(event.currentTarget).get('note')).trim();
          onClose();
          onSave(note);
        }}
      >
        <TextField
          label={words.note}
          hint={words.noteHint}
          name="note"
          maxLength={LONGEST_NOTE}
          autoComplete="off"
          autoFocus
        />
        <SaveOrCancel onCancel={onClose} />
      </form>
    </Dialog>
  );
}
