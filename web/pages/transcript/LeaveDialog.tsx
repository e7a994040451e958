import { useBlocker } from '@tanstack/react-router';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { useWords } from '../../words/catalogue.ts';
import { transcriptWords } from './words.ts';

/** Asks before what was not saved is left behind. */
export function LeaveDialog({ isDirty, onSave }: { isDirty: boolean; onSave(): Promise<boolean> }) {
  const words = useWords(transcriptWords);
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => isDirty,
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  });
  if (status !== 'blocked') return null;
  const saveAndLeave = async () => {
    if (await onSave()) proceed();
    else reset();
  };
  return (
    <Dialog
      open
      onClose={reset}
      title={words.leaveTitle}
      about={words.leaveAbout}
      actions={
        <>
          <Button onClick={reset}>{words.stay}</Button>
          <Button kind="danger" onClick={proceed}>
            {words.leave}
          </Button>
          <Button kind="primary" onClick={() => void saveAndLeave()}>
            {words.saveAndLeave}
          </Button>
        </>
      }
    />
  );
}
