import { Fragment } from 'react';
import { Dialog } from '../../components/Dialog.tsx';
import { useWords } from '../../words/catalogue.ts';
import styles from './Dialogs.module.css';
import { transcriptWords } from './words.ts';

/** What the keyboard can do. */
export function KeysDialog({ onClose }: { onClose(): void }) {
  const words = useWords(transcriptWords);
  const { keyList } = words;
  const keys: [string[], string][] = [
    [[words.space], keyList.play],
    [['←', '→'], keyList.skip],
    [['↑', '↓'], keyList.move],
    [['F2', 'Enter'], keyList.edit],
    [['F2', 'Ctrl+Enter'], keyList.done],
    [['Enter'], keyList.cut],
    [['Backspace'], keyList.join],
    [['Tab'], keyList.tab],
    [['Esc'], keyList.cancel],
    [['Ctrl+Z', 'Ctrl+Shift+Z'], keyList.undo],
    [['Ctrl+F'], keyList.find],
    [['Ctrl+S'], keyList.save],
    [['?'], keyList.help],
  ];
  return (
    <Dialog open onClose={onClose} title={words.keysTitle}>
      <dl className={styles.keys}>
        {keys.map(([names, what]) => (
          <Fragment key={what}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
