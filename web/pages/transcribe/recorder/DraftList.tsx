import { Mic } from 'lucide-react';
import { useEffect, useState } from 'react';
import { clockTime, moment } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import { forgetRecording, soundOf } from '../outbox/outbox.ts';
import { partWords } from '../part-words.ts';
import rows from '../Rows.module.css';
import { asFile, forgetEmpty, type KeptRecording } from './keep-recording.ts';
import { Listen } from './Listen.tsx';
import { type Made, nameOf } from './Recorder.tsx';

interface DraftListProps {
  drafts: readonly KeptRecording[];
  onUse(made: Made): void;
  onChanged(): void;
}

/** Offers again what was recorded and not sent. */
export default function DraftList({ drafts, onUse, onChanged }: DraftListProps) {
  const words = useWords(partWords).recorder;
  return (
    <section aria-label={words.draftsTitle}>
      <h3>{words.draftsTitle}</h3>
      <ul className={rows.list}>
        {drafts.map((draft) => (
          <li key={draft.id} className={rows.row}>
            <Mic aria-hidden="true" />
            <DraftRow draft={draft} onUse={onUse} onChanged={onChanged} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface DraftRowProps {
  draft: KeptRecording;
  onUse(made: Made): void;
  onChanged(): void;
}

function DraftRow({ draft, onUse, onChanged }: DraftRowProps) {
  const words = useWords(partWords).recorder;
  const { id, startedAt, seconds } = draft;
  const [sound, setSound] = useState<Blob>();
  useEffect(() => {
    void soundOf(id).then(async (found) => {
      if (found) return setSound(found);
      // It was begun, and not a second of it was kept.
      await forgetEmpty(id);
      onChanged();
    });
  }, [id, onChanged]);
  return (
    <>
      <div className={rows.text}>
        <p className={rows.name}>{words.draft(moment(new Date(startedAt).toISOString()), clockTime(seconds))}</p>
        <p className={rows.facts}>{words.draftAbout}</p>
      </div>
      <div className={rows.wide}>
        {sound && (
          <Listen
            isEntry
            sound={sound}
            seconds={seconds}
            onUse={() =>
              onUse({ file: asFile(sound, nameOf(words.recordedName, startedAt), startedAt), recording: id, seconds })
            }
            onDiscard={() => void forgetRecording(id).then(onChanged)}
          />
        )}
      </div>
    </>
  );
}
