import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId } from 'react';
import { ask } from '../../../client.ts';
import { Button } from '../../../components/Button.tsx';
import { Dialog } from '../../../components/Dialog.tsx';
import { SwitchField, TextField } from '../../../components/Field.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { keys, queryClient } from '../../../queries.ts';
import { useWords } from '../../../words/catalogue.ts';
import { commonWords } from '../../../words/common.ts';
import { partWords } from '../part-words.ts';
import { transcribeWords } from '../words.ts';
import styles from './PauseDialog.module.css';

const LONGEST_REASON = 500;

/** Asks why the queue shall rest, and whether what is in work shall too. */
export default function PauseDialog({ onClose }: { onClose(): void }) {
  const words = { ...useWords(transcribeWords).lists, ...useWords(partWords).hand };
  const common = useWords(commonWords);
  const form = useId();
  const pause = useMutation({
    mutationFn: (wish: { reason?: string; running: boolean }) => ask('POST', '/api/queue/pause', wish),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.queue });
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const reason = String(given.get('reason') ?? '').trim();
    pause.mutate({ ...(reason === '' ? {} : { reason }), running: given.has('running') });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.pauseQueue}
      about={words.pauseQueueAbout}
      actions={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button kind="primary" type="submit" form={form} busy={pause.isPending}>
            {words.pauseQueue}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className={styles.form}>
        <TextField
          label={words.pauseReason}
          hint={words.pauseReasonHint}
          name="reason"
          maxLength={LONGEST_REASON}
          autoComplete="off"
        />
        <SwitchField label={words.pauseRunning} hint={words.pauseRunningHint} name="running" />
        <ProblemNote error={pause.error} />
      </form>
    </Dialog>
  );
}
