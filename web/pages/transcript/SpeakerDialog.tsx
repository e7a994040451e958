import { useId, useState } from 'react';
import { Dialog } from '../../components/Dialog.tsx';
import { TextField } from '../../components/Field.tsx';
import { useWords } from '../../words/catalogue.ts';
import styles from './Dialogs.module.css';
import { type Doc, nameOf, speakersOf, withNameFor, withSpeaker } from './document.ts';
import type { Paragraph } from './paragraphs.ts';
import { SaveOrCancel } from './SaveOrCancel.tsx';
import { transcriptWords } from './words.ts';

interface SpeakerDialogProps {
  doc: Doc;
  paragraph: Paragraph;
  onChange(doc: Doc): void;
  onClose(): void;
}

/** Who speaks in a paragraph, or in all of somebody's. */
export function SpeakerDialog({ doc, paragraph, onChange, onClose }: SpeakerDialogProps) {
  const words = useWords(transcriptWords);
  const { speaker, segments } = paragraph;
  const known = nameOf(doc, speaker);
  const [name, setName] = useState(known ?? '');
  const [isWide, setWide] = useState(speaker !== undefined);
  const list = useId();
  const save = () => {
    onClose();
    if (isWide && speaker !== undefined) return onChange(withNameFor(doc, speaker, name));
    const first = segments[0]!.index;
    const indexes = isWide
      ? doc.segments.filter((segment) => segment.index >= first && segment.speaker === undefined)
      : segments;
    onChange(withSpeaker(doc, new Set(indexes.map(({ index }) => index)), name));
  };
  return (
    <Dialog open onClose={onClose} title={words.speakerTitle}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <TextField
          label={words.speakerName}
          hint={words.speakerHint}
          value={name}
          maxLength={200}
          list={list}
          autoComplete="off"
          onChange={({ target }) => setName(target.value)}
        />
        <datalist id={list}>
          {speakersOf(doc).map((key) => (
            <option key={key} value={nameOf(doc, key)} />
          ))}
        </datalist>
        <fieldset className={styles.choices}>
          <legend className="visually-hidden">{words.speakerTitle}</legend>
          <label>
            <input type="radio" name="where" checked={!isWide} onChange={() => setWide(false)} />
            {words.speakerHere}
          </label>
          <label>
            <input type="radio" name="where" checked={isWide} onChange={() => setWide(true)} />
            {known === undefined ? words.speakerOnwards : words.speakerEverywhere(known)}
          </label>
        </fieldset>
        <SaveOrCancel onCancel={onClose} />
      </form>
    </Dialog>
  );
}
