import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Queue } from '../../../api-types.ts';
import { UnreachableError } from '../../../client.ts';
import { whenIdle } from '../../../when-idle.ts';
import { loadPart } from '../../../words/catalogue.ts';
import { partWords } from '../part-words.ts';
import rows from '../Rows.module.css';
import styles from './WaitingRow.module.css';
import { Place, WaitingRow } from './WaitingRow.tsx';

type Waiting = Queue['waiting'];

/** Where a recording stands on the page: its row, and where its place in the queue is told. */
export interface RowPlace {
  row: HTMLLIElement;
  slot: HTMLElement;
}

/**
 * Recordings whose order can be changed by hand. The rows are there at once, with their places in the queue. What they are moved with
 * comes when the browser has nothing else to do, or somebody comes near; then each row has a handle, and is otherwise the
 * same as before, with its focus and whatever is being pressed in it.
 */
export function MovableRows({ jobs, isClosed }: { jobs: Waiting; isClosed: boolean }) {
  const [isWanted, setWanted] = useState(false);
  const want = () => setWanted(true);
  useEffect(() => whenIdle(() => setWanted(true)), []);
  const isMovable = jobs.length > 1;
  const { data: SortHandles } = useQuery({
    queryKey: ['code', 'SortHandles'],
    queryFn: loadSortHandles,
    enabled: isWanted && isMovable,
  });
  // As it was left by hand, until the service has it like that.
  const [order, setOrder] = useState<readonly number[]>();
  const shown = order ? inOrder(jobs, order) : jobs;
  const [places, setPlaces] = useState<ReadonlyMap<number, RowPlace>>(new Map());
  const stand = useCallback((id: number, place: RowPlace | undefined) => {
    setPlaces((before) => {
      const after = new Map(before);
      if (place) after.set(id, place);
      else after.delete(id);
      return after;
    });
  }, []);
  const hasHandles = SortHandles !== undefined && isMovable;
  return (
    <>
      {shown.map((job) => (
        <Row
          key={job.id}
          job={job}
          isClosed={isClosed}
          isMovable={isMovable}
          hasHandle={hasHandles && places.has(job.id)}
          onStand={stand}
          onNear={want}
        />
      ))}
      {hasHandles && <SortHandles jobs={shown} places={places} onOrder={setOrder} />}
    </>
  );
}

async function loadSortHandles() {
  try {
    return (await loadPart(() => import('./SortHandles.tsx'), partWords)).SortHandles;
  } catch (error) {
    // Asked for again, as everything that the service does not answer.
    throw new UnreachableError('The handles could not be loaded.', { cause: error });
  }
}

interface RowProps {
  job: Waiting[number];
  isClosed: boolean;
  /** There is another one to change places with. */
  isMovable: boolean;
  hasHandle: boolean;
  onStand(id: number, place: RowPlace | undefined): void;
  onNear(): void;
}

function Row({ job, isClosed, isMovable, hasHandle, onStand, onNear }: RowProps) {
  const row = useRef<HTMLLIElement>(null);
  const slot = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (row.current && slot.current) onStand(job.id, { row: row.current, slot: slot.current });
    return () => onStand(job.id, undefined);
  }, [job.id, onStand]);
  return (
    <li ref={row} className={rows.row} onPointerEnter={onNear} onFocus={onNear}>
      <WaitingRow
        job={job}
        isClosed={isClosed}
        place={
          <span ref={slot} className={isMovable ? styles.slot : undefined}>
            {!hasHandle && <Place>{job.position}</Place>}
          </span>
        }
      />
    </li>
  );
}

function inOrder(jobs: Waiting, order: readonly number[]): Waiting {
  const place = new Map(order.map((id, index) => [id, index]));
  return [...jobs].sort((a, b) => (place.get(a.id) ?? order.length) - (place.get(b.id) ?? order.length));
}
