import type { Writable } from 'node:stream';
import { linesFrom } from './tail.ts';

/**
 * Copies what is added to a log, by byte position: with no gap and no repeat, however the writes fall and whatever is
 * rotated, compressed or deleted meanwhile (of what was deleted a line tells).
 * @param position where the copying begins, from `lastLines` or `linesFrom`
 * @param told what is written out of whole lines: of as many bytes, so that whoever reads it can count
 * @returns `more`: call it whenever something may have been added; resolves when all of it was written out
 */
export function followLog(
  path: string,
  position: number,
  out: Writable,
  told: (lines: string) => string = (lines) => lines,
): { more(): Promise<void> } {
  let at = position;
  let copying: Promise<void> = Promise.resolve();
  /** A copying that has not begun yet: it will see everything that is there now. */
  let next: Promise<void> | undefined;

  const copy = async () => {
    next = undefined;
    while (!out.destroyed) {
      const piece = await linesFrom(path, at);
      if (piece.position === at) return;
      at = piece.position;
      if (!out.write(told(piece.text))) await drained(out);
    }
  };

  return {
    more() {
      next ??= copying = copying.then(copy);
      return next;
    },
  };
}

function drained(out: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      out.off('drain', done);
      out.off('close', done);
      resolve();
    };
    out.on('drain', done);
    out.on('close', done);
  });
}
