import { useMutation } from '@tanstack/react-query';
import type { Job } from '../api-types.ts';
import { useWords } from '../words/catalogue.ts';
import { jobActionWords } from '../words/job-actions.ts';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { act } from './job-actions.ts';
import { ProblemNote } from './ProblemNote.tsx';

interface DeleteDialogProps {
  job: Pick<Job, 'id' | 'filename'>;
  onClose(): void;
  /** It is gone. */
  onDeleted?(): void;
}

/** Asks before a recording is deleted, and says what goes with it. */
export function DeleteDialog({ job, onClose, onDeleted }: DeleteDialogProps) {
  const words = useWords(jobActionWords);
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => act(job.id, 'delete'),
    onSuccess: () => {
      onClose();
      onDeleted?.();
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.deleteTitle}
      about={words.deleteAbout(job.filename)}
      actions={
        <>
          <Button onClick={onClose}>{words.keep}</Button>
          <Button kind="danger" busy={isPending} onClick={() => mutate()}>
            {words.deleteConfirm}
          </Button>
        </>
      }
    >
      <ProblemNote error={error} />
    </Dialog>
  );
}
