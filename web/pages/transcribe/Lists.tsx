import type { Job, Queue } from '../../api-types.ts';
import { Running } from './queue/Running.tsx';
import { Waiting } from './queue/Waiting.tsx';
import { Done } from './results/Done.tsx';
import { Stopped } from './results/Stopped.tsx';

interface ListsProps {
  queue: Queue;
  paused: readonly Job[];
  stopped: readonly Job[];
  done: readonly Job[];
}

/** What runs, what waits, what is over. */
export default function Lists({ queue, paused, stopped, done }: ListsProps) {
  return (
    <>
      <Running jobs={queue.running} />
      <Waiting queue={queue} paused={paused} />
      <Stopped jobs={stopped} />
      <Done jobs={done} />
    </>
  );
}
