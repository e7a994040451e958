/** The keyboard, wherever on the page it is. */
import { useEffect, useRef } from 'react';

export interface KeyHandlers {
  togglePlay(): void;
  skip(sign: 1 | -1): void;
  find(): void;
  save(): void;
  saveWithNote(): void;
  undo(): void;
  redo(): void;
  help(): void;
}

/** Elements that do something of their own with keys that are typed. */
const TYPES_INTO = 'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]';
/** Elements that the space bar presses. */
const PRESSED = 'button, a, input, select, summary, [role=menuitem]';

/** While `isOff`, as under a dialog, keys do what they do anywhere. */
export function useKeys(handlers: KeyHandlers, isOff: boolean): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    if (isOff) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.isComposing) return;
      const act = actionFor(event);
      if (!act) return;
      event.preventDefault();
      act(latest.current);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [isOff]);
}

function actionFor(event: KeyboardEvent): ((handlers: KeyHandlers) => void) | undefined {
  const { key, shiftKey, target } = event;
  const at = target instanceof Element ? target : document.body;
  const types = at.matches(TYPES_INTO);
  if (event.ctrlKey || event.metaKey) {
    switch (key.toLowerCase()) {
      case 'f':
        return ({ find }) => find();
      case 's':
        return shiftKey ? ({ saveWithNote }) => saveWithNote() : ({ save }) => save();
      case 'z':
        if (types) return undefined;
        return shiftKey ? ({ redo }) => redo() : ({ undo }) => undo();
      case 'y':
        return types ? undefined : ({ redo }) => redo();
      default:
        return undefined;
    }
  }
  if (types) return undefined;
  switch (key) {
    case ' ':
      return at.matches(PRESSED) ? undefined : ({ togglePlay }) => togglePlay();
    case 'ArrowLeft':
      return ({ skip }) => skip(-1);
    case 'ArrowRight':
      return ({ skip }) => skip(1);
    case '?':
      return ({ help }) => help();
    default:
      return undefined;
  }
}
