/** What was changed since the last save, and what can be taken back. */
import { useReducer } from 'react';
import { asSaved, type Doc, isReshaped, withTimesOf } from './document.ts';

export interface Edits {
  /** The version that is changed. */
  base: number;
  /** As that version is. */
  saved: Doc;
  doc: Doc;
  past: readonly Doc[];
  future: readonly Doc[];
}

export type EditAction =
  | { do: 'change'; to: Doc }
  | { do: 'undo' }
  | { do: 'redo' }
  /** What was sent is a version now. */
  | { do: 'saved'; base: number; sent: Doc }
  /** The same text as the service has it, with its times. */
  | { do: 'timed'; from: Doc }
  /** Another version. */
  | { do: 'load'; base: number; doc: Doc };

/** So many changes can be taken back. */
const MOST_STEPS = 500;

export function useEdits(base: number, doc: Doc) {
  return useReducer(after, { base, doc, saved: doc, past: [], future: [] });
}

export function isDirty({ doc, saved }: Edits): boolean {
  return doc !== saved;
}

function after(state: Edits, action: EditAction): Edits {
  const { doc, past, future } = state;
  switch (action.do) {
    case 'change':
      if (action.to === doc) return state;
      return { ...state, doc: action.to, past: [...past, doc].slice(-MOST_STEPS), future: [] };
    case 'undo': {
      const before = past.at(-1);
      return before ? { ...state, doc: before, past: past.slice(0, -1), future: [doc, ...future] } : state;
    }
    case 'redo': {
      const next = future[0];
      return next ? { ...state, doc: next, past: [...past, doc], future: future.slice(1) } : state;
    }
    case 'saved':
      return savedAs(state, action.base, action.sent);
    case 'timed': {
      if (isDirty(state)) return state;
      const timed = withTimesOf(doc, action.from);
      return timed ? { ...state, doc: timed, saved: timed } : fresh(state.base, action.from);
    }
    case 'load':
      return fresh(action.base, action.doc);
  }
}

function fresh(base: number, doc: Doc): Edits {
  return { base, doc, saved: doc, past: [], future: [] };
}

/**
 * What was sent is the version now. Where segments were cut, joined or emptied, those of the version are others than those
 * that older and newer states were made of: these can be gone to all the same, and are saved as a whole then.
 */
function savedAs(state: Edits, base: number, sent: Doc): Edits {
  if (!isReshaped(sent)) return { ...state, base, saved: sent };
  const saved = asSaved(sent);
  const whole = (doc: Doc): Doc => ({ ...doc, isWhole: true });
  const doc = state.doc === sent ? saved : whole(state.doc);
  return { base, saved, doc, past: state.past.map(whole), future: state.future.map(whole) };
}
