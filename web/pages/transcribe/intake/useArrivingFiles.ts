import { useEffect, useEffectEvent, useState } from 'react';
import { type Gathered, gather } from './dropped.ts';

/**
 * Takes what is dropped anywhere on the page or pasted into it; a link is taken where recordings are to be dropped.
 * @returns whether files are being dragged over it
 */
export function useArrivingFiles(onFiles: (gathered: Gathered) => void, onLink: () => void): boolean {
  const [isOver, setOver] = useState(false);
  const files = useEffectEvent(onFiles);
  const link = useEffectEvent(onLink);

  useEffect(() => {
    const leaving = new AbortController();
    const on = <Name extends keyof WindowEventMap>(name: Name, listener: (event: WindowEventMap[Name]) => void) =>
      window.addEventListener(name, listener, { signal: leaving.signal });
    // Each element that the pointer comes over says so before the one that it leaves does.
    let depth = 0;
    on('dragenter', ({ dataTransfer }) => {
      if (!hasFiles(dataTransfer)) return;
      depth += 1;
      setOver(true);
    });
    on('dragleave', ({ dataTransfer }) => {
      if (!hasFiles(dataTransfer)) return;
      depth = Math.max(0, depth - 1);
      setOver(depth > 0);
    });
    // Otherwise the browser shows the file in place of the page.
    on('dragover', (event) => (hasFiles(event.dataTransfer) || isLinkInZone(event)) && event.preventDefault());
    on('drop', (event) => {
      if (!event.dataTransfer) return;
      if (isLinkInZone(event)) {
        event.preventDefault();
        if (isLink(event.dataTransfer.getData('text'))) link();
        return;
      }
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      void gather(event.dataTransfer).then(files);
    });
    on('paste', (event) => {
      const { clipboardData, target } = event;
      if (!clipboardData || isTypedInto(target)) return;
      if (clipboardData.files.length > 0) void gather(clipboardData).then(files);
      else if (isLink(clipboardData.getData('text'))) link();
    });
    return () => leaving.abort();
  }, []);

  return isOver;
}

function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes('Files') ?? false;
}

/** What it is can be told only once it is dropped: it may be any text. */
function isLinkInZone({ dataTransfer, target }: DragEvent): boolean {
  if (!dataTransfer || hasFiles(dataTransfer)) return false;
  const isText = dataTransfer.types.includes('text/uri-list') || dataTransfer.types.includes('text/plain');
  return isText && target instanceof Element && target.closest('[data-drop-zone]') !== null;
}

function isTypedInto(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

function isLink(text: string): boolean {
  return /^\s*(https?:\/\/|www\.)\S+\s*$/i.test(text);
}
