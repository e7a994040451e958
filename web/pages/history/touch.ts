/** A finger on a row: pulled to the left it shows what is behind, held it ticks the row. */
import { type TouchEvent, useRef, useState } from 'react';

const LONG_PRESS_MS = 500;
/** A finger is never quite still. */
const STILL_PX = 10;
/** How far the row moves aside. */
const OPEN_PX = 200;

export function useTouch({ onLongPress }: { onLongPress(): void }) {
  const [offset, setOffset] = useState(0);
  const start = useRef<{ x: number; y: number; from: number } | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const held = useRef(false);

  const forget = () => {
    clearTimeout(timer.current);
    start.current = undefined;
  };

  const handlers = {
    onTouchStart: ({ touches }: TouchEvent) => {
      const touch = touches[0];
      if (!touch || touches.length > 1) return forget();
      held.current = false;
      start.current = { x: touch.clientX, y: touch.clientY, from: offset };
      timer.current = setTimeout(() => {
        held.current = true;
        forget();
        onLongPress();
      }, LONG_PRESS_MS);
    },
    onTouchMove: ({ touches }: TouchEvent) => {
      const touch = touches[0];
      if (!touch || !start.current) return;
      const [dx, dy] = [touch.clientX - start.current.x, touch.clientY - start.current.y];
      if (Math.abs(dx) > STILL_PX || Math.abs(dy) > STILL_PX) clearTimeout(timer.current);
      if (Math.abs(dy) > Math.abs(dx) && offset === 0) return forget();
      setOffset(Math.max(-OPEN_PX, Math.min(0, start.current.from + dx)));
    },
    onTouchEnd: (event: TouchEvent) => {
      // A long press ticks, and does not also open what was pressed.
      if (held.current) event.preventDefault();
      forget();
      setOffset((now) => (now < -OPEN_PX / 2 ? -OPEN_PX : 0));
    },
    onTouchCancel: () => {
      forget();
      setOffset(0);
    },
  };
  return { offset, open: offset === -OPEN_PX, close: () => setOffset(0), handlers };
}
