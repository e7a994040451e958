import { useReducer } from 'react';
import { outbox } from '../outbox/outbox.ts';
import { lengthOf, type Refusal, refusalOf } from './recordings.ts';

/** A file that was chosen and not sent yet. */
export interface Staged {
  key: number;
  file: File;
  /** Length of the recording; `null` while it is looked at, undefined where the browser cannot tell. */
  seconds: number | null | undefined;
  refusal?: Refusal;
  /** It was made here with the microphone. */
  recording?: string | undefined;
}

type Change =
  | { type: 'add'; staged: Staged[] }
  | { type: 'length'; key: number; seconds: number | undefined }
  | { type: 'remove'; keys: number[] };

function changed(before: readonly Staged[], change: Change): readonly Staged[] {
  if (change.type === 'add') return [...before, ...change.staged];
  if (change.type === 'remove') return before.filter(({ key }) => !change.keys.includes(key));
  return before.map((each) => (each.key === change.key ? { ...each, seconds: change.seconds } : each));
}

let keys = 0;

/** What was chosen, until it is sent. */
export function useStaged() {
  const [staged, change] = useReducer(changed, []);

  /** @returns how many of them are on their way already, or were chosen before */
  const add = (files: readonly File[], made?: { recording: string; seconds: number }): number => {
    const rest = files.filter((file) => outbox.offer([file]).length === 0);
    const fresh = rest.filter((file) => !outbox.has(file) && !staged.some((each) => isSame(each.file, file)));
    const added = fresh.map((file): Staged => {
      const refusal = refusalOf(file);
      keys += 1;
      const seconds = made?.seconds ?? (refusal ? undefined : null);
      return { key: keys, file, seconds, ...(refusal ? { refusal } : {}), recording: made?.recording };
    });
    change({ type: 'add', staged: added });
    void measure(added.filter(({ seconds }) => seconds === null));
    return rest.length - fresh.length;
  };

  /** One after the other: a hundred players at once are too much for a browser. */
  const measure = async (unknown: readonly Staged[]) => {
    for (const { key, file } of unknown) change({ type: 'length', key, seconds: await lengthOf(file) });
  };

  const remove = (gone: readonly Staged[]) => change({ type: 'remove', keys: gone.map(({ key }) => key) });
  return { staged, add, remove };
}

function isSame(a: File, b: File): boolean {
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}
