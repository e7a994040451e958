import type { Queue } from '../../../api-types.ts';
import { Note } from '../../../components/ProblemNote.tsx';
import { moment } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import { transcribeWords } from '../words.ts';

/** Why nothing starts at the moment, and when it does again. */
export function QueueNote({ queue: { paused, opensAt } }: { queue: Queue }) {
  const words = useWords(transcribeWords).lists;
  if (paused?.by === 'disk') {
    return (
      <Note tone="warn" role="status">
        <p>{words.queueDisk}</p>
        {paused.reason && <p>{paused.reason}</p>}
      </Note>
    );
  }
  if (paused) {
    return (
      <Note tone="warn" role="status">
        <p>{paused.reason ? words.queuePausedWhy(paused.reason) : words.queuePaused}</p>
        <p>{words.queuePausedSince(moment(paused.since))}</p>
      </Note>
    );
  }
  if (opensAt === null) return null;
  return (
    <Note role="status">
      <p>{words.quietHours(moment(opensAt))}</p>
    </Note>
  );
}
