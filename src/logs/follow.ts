import type { Writable } from 'node:stream';
import { linesFrom } from './tail.ts';

/**
 * Copies what is added to a log, by byte position: with no gap and no repeat, however the writes fall.
 * @param position where the copying begins, from `lastLines`
 * @returns `more`: call it whenever something may have been added; resolves when all of it was written out
 */
export function followLog(path: string, position: number, out: Writable): { more(): Promise<void> } {
  let at = position;
  let copying: Promise<void> = Promise.resolve();

  const copy = async () => {
    while (!out.destroyed) {
      const piece = await linesFrom(path, at);
      if (piece.position === at) return;
      at = piece.position;
      if (!out.write(piece.text)) await drained(out);
    }
  };

  return {
    more() {
      copying = copying.then(copy);
      return copying;
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
