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
import { useLayoutEffect } from 'react';
import { createPortal } from 'react-dom';
import type { Queue } from '../../../api-types.ts';
import { ask } from '../../../client.ts';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { keys, queryClient } from '../../../queries.ts';
import { useWords } from '../../../words/catalogue.ts';
import { partWords } from '../part-words.ts';
import rows from '../Rows.module.css';
import type { RowPlace } from './MovableRows.tsx';
import styles from './WaitingRow.module.css';

/** A pointer that moves less than this has clicked. */
const CLICK_PIXELS = 4;

interface SortHandlesProps {
  /** In the order that is shown. */
  jobs: Queue['waiting'];
  places: ReadonlyMap<number, RowPlace>;
  /** Shows another order; undefined: that of the service. */
  onOrder(order: readonly number[] | undefined): void;
}

/** What recordings that wait are moved with: a mouse, a finger or the keyboard. Each handle goes into the row that is there. */
export function SortHandles({ jobs, places, onOrder }: SortHandlesProps) {
  const words = useWords(partWords).hand;
  const move = useMutation({
    mutationFn: ({ id, before }: { id: number; before: number | undefined }) =>
      ask('POST', `/api/jobs/${id}/move`, before === undefined ? { to: 'last' } : { before }),
    onSettled: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.queue });
      onOrder(undefined);
    },
  });
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: CLICK_PIXELS } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const nameOf = (id: UniqueIdentifier) => jobs.find((job) => job.id === id)?.filename ?? '';
  const placeOf = (id: UniqueIdentifier | undefined) => jobs.findIndex((job) => job.id === id) + 1;
  const { drag } = words;
  const announcements: Announcements = {
    onDragStart: ({ active }) => drag.taken(nameOf(active.id), placeOf(active.id)),
    onDragOver: ({ active, over }) => drag.over(nameOf(active.id), placeOf(over?.id ?? active.id)),
    onDragEnd: ({ active, over }) => drag.dropped(nameOf(active.id), placeOf(over?.id ?? active.id)),
    onDragCancel: ({ active }) => drag.left(nameOf(active.id)),
  };
  const drop = ({ active, over }: DragEndEvent) => {
    const from = jobs.findIndex(({ id }) => id === active.id);
    const to = jobs.findIndex(({ id }) => id === over?.id);
    if (from < 0 || to < 0 || from === to) return;
    const next = arrayMove([...jobs], from, to);
    onOrder(next.map(({ id }) => id));
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
      <SortableContext items={jobs.map(({ id }) => id)} strategy={verticalListSortingStrategy}>
        {jobs.map(({ id, filename }) => {
          const place = places.get(id);
          return place && <Handle key={id} id={id} label={words.reorder(filename)} {...place} />;
        })}
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

function Handle({ id, label, row, slot }: RowPlace & { id: number; label: string }) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({
    id,
  });
  useLayoutEffect(() => {
    setNodeRef(row);
    return () => {
      row.style.transform = '';
      row.style.transition = '';
      row.classList.remove(styles.moved as string);
    };
  }, [row, setNodeRef]);
  useLayoutEffect(() => {
    row.style.transform = CSS.Translate.toString(transform) ?? '';
    row.style.transition = transition ?? '';
    row.classList.toggle(styles.moved as string, isDragging);
  }, [row, transform, transition, isDragging]);
  return createPortal(
    <button
      type="button"
      ref={setActivatorNodeRef}
      className={styles.handle}
      aria-label={label}
      aria-describedby={attributes['aria-describedby']}
      {...listeners}
    >
      <GripVertical />
    </button>,
    slot,
  );
}
