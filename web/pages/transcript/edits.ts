/** What was changed since the last save, and what can be taken back. */
import { useReducer } from 'react';
import { type Doc, withTimesOf } from './document.ts';

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
      return withoutEmpty({ ...state, base: action.base, saved: action.sent });
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

/** Texts that were saved as empty are gone: those behind them have other indexes now, and older states have no place any more. */
function withoutEmpty(state: Edits): Edits {
  const { saved, doc } = state;
  const kept = new Set(saved.segments.filter(({ text }) => text !== '').map(({ index }) => index));
  if (kept.size === saved.segments.length) return state;
  const cut = (some: Doc): Doc => ({
    ...some,
    segments: some.segments.filter(({ index }) => kept.has(index)).map((segment, index) => ({ ...segment, index })),
  });
  const next = cut(saved);
  return { ...state, saved: next, doc: doc === saved ? next : cut(doc), past: [], future: [] };
}
