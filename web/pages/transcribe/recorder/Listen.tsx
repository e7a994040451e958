import { Check, Trash2 } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Button } from '../../../components/Button.tsx';
import { clockTime } from '../../../format.ts';
import { loadPart, useWords } from '../../../words/catalogue.ts';
import { partWords } from '../part-words.ts';
import styles from './Recorder.module.css';

const DiscardDialog = lazy(() => loadPart(() => import('./DiscardDialog.tsx'), partWords));

interface ListenProps {
  sound: Blob;
  seconds: number;
  onUse(): void;
  onDiscard(): void;
  /** In a list, which says already what it is. */
  isEntry?: boolean;
}

/** What was recorded: listened to, then used or thrown away. */
export function Listen({ sound, seconds, onUse, onDiscard, isEntry = false }: ListenProps) {
  const words = useWords(partWords).recorder;
  const [isAsking, setAsking] = useState(false);
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(sound);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [sound]);
  return (
    <div className={isEntry ? styles.entry : styles.listen}>
      {!isEntry && (
        <p className={styles.about} data-figure="">
          {`${words.recordListen} · ${clockTime(seconds)}`}
        </p>
      )}
      {/* biome-ignore lint/a11y/useMediaCaption: its text does not exist yet; that is what it is made for */}
      <audio className={styles.player} src={url} controls aria-label={words.recordListen} />
      <div className={styles.actions}>
        <Button kind="danger" icon={<Trash2 />} onClick={() => setAsking(true)}>
          {words.recordDiscard}
        </Button>
        <Button kind="primary" icon={<Check />} onClick={onUse}>
          {words.recordUse}
        </Button>
      </div>
      {isAsking && (
        <Suspense>
          <DiscardDialog seconds={seconds} onClose={() => setAsking(false)} onDiscard={onDiscard} />
        </Suspense>
      )}
    </div>
  );
}
