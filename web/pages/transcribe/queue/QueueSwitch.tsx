import { useMutation, useQuery } from '@tanstack/react-query';
import { Pause, Play } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { Queue } from '../../../api-types.ts';
import { ask } from '../../../client.ts';
import { Button } from '../../../components/Button.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { keys, queryClient, sessionQuery } from '../../../queries.ts';
import { loadPart, useWords } from '../../../words/catalogue.ts';
import { partWords } from '../part-words.ts';
import { transcribeWords } from '../words.ts';

const PauseDialog = lazy(() => loadPart(() => import('./PauseDialog.tsx'), partWords));

/** Lets the whole queue rest, and go on. It concerns everybody, so only who runs Longhand may. */
export function QueueSwitch({ queue }: { queue: Queue }) {
  const words = useWords(transcribeWords).lists;
  const { data: session } = useQuery(sessionQuery);
  const [isAsking, setAsking] = useState(false);
  const resume = useMutation({
    mutationFn: () => ask('POST', '/api/queue/resume'),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.queue }),
  });
  if (session?.caller?.scope !== 'admin') return null;
  if (queue.paused) {
    return (
      <>
        <Button size="s" kind="primary" icon={<Play />} busy={resume.isPending} onClick={() => resume.mutate()}>
          {words.resumeQueue}
        </Button>
        <ProblemNote error={resume.error} />
      </>
    );
  }
  return (
    <>
      <Button size="s" kind="quiet" icon={<Pause />} onClick={() => setAsking(true)}>
        {words.pauseQueue}
      </Button>
      {isAsking && (
        <Suspense>
          <PauseDialog onClose={() => setAsking(false)} />
        </Suspense>
      )}
    </>
  );
}
