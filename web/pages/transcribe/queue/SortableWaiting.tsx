import {
  type Announcements,
  closestCenter,
  DndContext,
  type DragEndEvent,
  KeyboardSensor,
  PointerSensor,
  type UniqueIdentifier,
  useSensor,
  useSensors,
} from '@dnd-kit/core';
import {
  arrayMove,
  SortableContext,
  sortableKeyboardCoordinates,
  useSortable,
  verticalListSortingStrategy,
} from '@dnd-kit/sortable';
import { CSS } from '@dnd-kit/utilities';
import { useMutation } from '@tanstack/react-query';
import { GripVertical } from 'lucide-react';
import { useState } from 'react';
import type { Queue } from '../../../api-types.ts';
import { ask } from '../../../client.ts';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { keys, queryClient } from '../../../queries.ts';
import { useWords } from '../../../words/catalogue.ts';
import rows from '../Rows.module.css';
import { transcribeWords } from '../words.ts';
import styles from './WaitingRow.module.css';
import { WaitingRow } from './WaitingRow.tsx';

/** A pointer that moves less than this has clicked. */
const CLICK_PIXELS = 4;

type Waiting = Queue['waiting'];

/** What waits, in an order that can be changed: with a mouse, a finger or the keyboard. Loaded when two or more wait. */
export default function SortableWaiting({ jobs, isClosed }: { jobs: Waiting; isClosed: boolean }) {
  const words = useWords(transcribeWords).hand;
  // As it was left by hand, until the service has it like that.
  const [order, setOrder] = useState<readonly number[]>();
  const move = useMutation({
    mutationFn: ({ id, before }: { id: number; before: number | undefined }) =>
      ask('POST', `/api/jobs/${id}/move`, before === undefined ? { to: 'last' } : { before }),
    onSettled: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.queue });
      setOrder(undefined);
    },
  });
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: CLICK_PIXELS } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const shown = order ? inOrder(jobs, order) : jobs;
  const nameOf = (id: UniqueIdentifier) => jobs.find((job) => job.id === id)?.filename ?? '';
  const placeOf = (id: UniqueIdentifier | undefined) => shown.findIndex((job) => job.id === id) + 1;
  const { drag } = words;
  const announcements: Announcements = {
    onDragStart: ({ active }) => drag.taken(nameOf(active.id), placeOf(active.id)),
    onDragOver: ({ active, over }) => drag.over(nameOf(active.id), placeOf(over?.id ?? active.id)),
    onDragEnd: ({ active, over }) => drag.dropped(nameOf(active.id), placeOf(over?.id ?? active.id)),
    onDragCancel: ({ active }) => drag.left(nameOf(active.id)),
  };
  const drop = ({ active, over }: DragEndEvent) => {
    const from = shown.findIndex(({ id }) => id === active.id);
    const to = shown.findIndex(({ id }) => id === over?.id);
    if (from < 0 || to < 0 || from === to) return;
    const next = arrayMove([...shown], from, to);
    setOrder(next.map(({ id }) => id));
    move.mutate({ id: Number(active.id), before: next[to + 1]?.id });
  };
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={closestCenter}
      onDragEnd={drop}
      accessibility={{
        announcements,
        screenReaderInstructions: { draggable: drag.how },
        // What is told stands at the end of the page: a list has nothing but its entries in it.
        container: document.body,
      }}
    >
      <SortableContext items={shown.map(({ id }) => id)} strategy={verticalListSortingStrategy}>
        {shown.map((job) => (
          <Row key={job.id} job={job} isClosed={isClosed} label={words.reorder(job.filename)} />
        ))}
      </SortableContext>
      {move.error && (
        <li className={rows.row}>
          <div className={rows.wide}>
            <ProblemNote error={move.error} />
          </div>
        </li>
      )}
    </DndContext>
  );
}

function Row({ job, isClosed, label }: { job: Waiting[number]; isClosed: boolean; label: string }) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({
    id: job.id,
  });
  const handle = (
    <button
      type="button"
      ref={setActivatorNodeRef}
      className={styles.handle}
      aria-label={label}
      aria-describedby={attributes['aria-describedby']}
      {...listeners}
    >
      <GripVertical />
    </button>
  );
  return (
    <li
      ref={setNodeRef}
      className={`${rows.row} ${isDragging ? styles.moved : ''}`}
      style={{ transform: CSS.Translate.toString(transform), transition }}
    >
      <WaitingRow job={job} isClosed={isClosed} handle={handle} />
    </li>
  );
}

function inOrder(jobs: Waiting, order: readonly number[]): Waiting {
  const place = new Map(order.map((id, index) => [id, index]));
  return [...jobs].sort((a, b) => (place.get(a.id) ?? order.length) - (place.get(b.id) ?? order.length));
}
