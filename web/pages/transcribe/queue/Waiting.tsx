import { type ReactNode, useState } from 'react';
import type { Job, Queue } from '../../../api-types.ts';
import { Button } from '../../../components/Button.tsx';
import { Card } from '../../../components/Page.tsx';
import { moment } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import rows from '../Rows.module.css';
import { transcribeWords } from '../words.ts';
import { MovableRows } from './MovableRows.tsx';
import { QueueNote } from './QueueNote.tsx';
import { QueueSwitch } from './QueueSwitch.tsx';
import { Place, RestingRow, WaitingRow } from './WaitingRow.tsx';

/** Of a long queue the rest is shown when it is asked for. */
const SHOWN = 25;

/** What waits, in the order in which it will start, and why it waits; and what somebody has paused. */
export function Waiting({ queue, paused }: { queue: Queue; paused: readonly Job[] }) {
  const words = useWords(transcribeWords).lists;
  const [isWhole, setWhole] = useState(false);
  const listed = new Set(queue.waiting.map(({ id }) => id));
  const resting = paused.filter(({ id }) => !listed.has(id));
  const isClosed = queue.paused !== null || queue.opensAt !== null;
  if (queue.waiting.length + resting.length + queue.running.length === 0 && !isClosed) return null;

  const shown = isWhole ? queue.waiting : queue.waiting.slice(0, SHOWN);
  const movable = shown.filter(({ status }) => status === 'pending');
  const others = shown.filter(({ status }) => status !== 'pending');
  return (
    <Card title={words.waiting} actions={<QueueSwitch queue={queue} />}>
      <QueueNote queue={queue} />
      {shown.length + resting.length > 0 && (
        <ul className={rows.list} aria-label={words.waiting}>
          <MovableRows jobs={movable} isClosed={isClosed} />
          {others.map((job) => (
            <li key={job.id} className={rows.row}>
              <WaitingRow job={job} isClosed={isClosed} place={<Place>{job.position}</Place>} />
            </li>
          ))}
          {resting.map((job) => (
            <li key={job.id} className={rows.row}>
              <RestingRow job={job} />
            </li>
          ))}
        </ul>
      )}
      <Summary queue={queue}>
        {queue.waiting.length > shown.length && (
          <Button kind="quiet" size="s" onClick={() => setWhole(true)}>
            {words.showAll(queue.waiting.length)}
          </Button>
        )}
      </Summary>
    </Card>
  );
}

function Summary({ queue: { waiting, endsAt, others }, children }: { queue: Queue; children: ReactNode }) {
  const words = useWords(transcribeWords).lists;
  const facts = [
    endsAt && waiting.length > 0 ? words.allDone(moment(endsAt)) : undefined,
    others && others.waiting > 0 ? words.othersWait(others.waiting) : undefined,
  ].filter(Boolean);
  if (facts.length === 0 && !children) return null;
  return (
    <p className={rows.facts} data-figure="">
      {facts.join(' · ')} {children}
    </p>
  );
}
