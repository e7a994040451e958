import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';

interface AskDialogProps {
  title: string;
  /** What is lost. */
  about: ReactNode;
  confirm: string;
  keep: string;
  /** Does it; the dialog stays and says why when it cannot be done. */
  onConfirm(): Promise<unknown>;
  onClose(): void;
}

/** Asks before something is lost. */
export function AskDialog({ title, about, confirm, keep, onConfirm, onClose }: AskDialogProps) {
  const { mutate, error, isPending } = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      about={about}
      actions={
        <>
          <Button onClick={onClose}>{keep}</Button>
          <Button kind="danger" busy={isPending} onClick={() => mutate()}>
            {confirm}
          </Button>
        </>
      }
    >
      <ProblemNote error={error} />
    </Dialog>
  );
}
