import { Button } from '../../../components/Button.tsx';
import { Dialog } from '../../../components/Dialog.tsx';
import { inWords } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import { commonWords } from '../../../words/common.ts';
import { partWords } from '../part-words.ts';

/** Nothing else has the sound. */
export default function DiscardDialog(props: { seconds: number; onClose(): void; onDiscard(): void }) {
  const words = useWords(partWords).recorder;
  const common = useWords(commonWords);
  const { seconds, onClose, onDiscard } = props;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.discardTitle}
      about={words.discardAbout(inWords(seconds))}
      actions={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button kind="danger" onClick={onDiscard}>
            {words.recordDiscard}
          </Button>
        </>
      }
    />
  );
}
