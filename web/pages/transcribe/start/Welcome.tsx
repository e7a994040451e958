import { useMutation } from '@tanstack/react-query';
import { Sparkles } from 'lucide-react';
import type { Submitted } from '../../../api-types.ts';
import { ask } from '../../../client.ts';
import { Button } from '../../../components/Button.tsx';
import { Empty } from '../../../components/Page.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { CLIENT_ID } from '../../../live.ts';
import { keys, queryClient } from '../../../queries.ts';
import { useWords } from '../../../words/catalogue.ts';
import { transcribeWords } from '../words.ts';

/** For somebody who is here for the first time. */
export default function Welcome() {
  const words = useWords(transcribeWords).page;
  const sample = useMutation({
    mutationFn: () => ask<Submitted>('POST', '/api/sample', { clientId: CLIENT_ID }),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.queue }),
        queryClient.invalidateQueries({ queryKey: keys.jobs }),
      ]),
  });
  return (
    <Empty title={words.welcome}>
      <p>{words.welcomeAbout}</p>
      <Button icon={<Sparkles />} busy={sample.isPending} onClick={() => sample.mutate()}>
        {words.sample}
      </Button>
      <ProblemNote error={sample.error} />
    </Empty>
  );
}
