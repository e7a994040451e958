import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { queryClient } from '../../../queries.ts';
import { loadPart } from '../../../words/catalogue.ts';
import { useOutbox } from '../outbox/outbox.ts';
import { partWords } from '../part-words.ts';
import { drafts } from './keep-recording.ts';
import type { Made } from './Recorder.tsx';

const DraftList = lazy(() => loadPart(() => import('./DraftList.tsx'), partWords));
const DRAFTS = ['drafts'];

interface DraftsProps {
  owner: string;
  /** Those that are chosen to be sent. */
  chosen: ReadonlySet<string>;
  onUse(made: Made): void;
}

/** Recordings that were made here and not sent, because the tab was closed or has crashed. */
export function Drafts({ owner, chosen, onUse }: DraftsProps) {
  const onTheirWay = useOutbox().flatMap(({ recording }) => recording ?? []);
  const { data } = useQuery({
    queryKey: [...DRAFTS, owner, onTheirWay],
    queryFn: () => draftsOf(owner, new Set(onTheirWay)),
    placeholderData: (before) => before,
  });
  const left = data?.filter(({ id }) => !chosen.has(id)) ?? [];
  if (left.length === 0) return null;
  return (
    <Suspense>
      <DraftList drafts={left} onUse={onUse} onChanged={() => queryClient.invalidateQueries({ queryKey: DRAFTS })} />
    </Suspense>
  );
}

/** A browser that keeps nothing has none. */
async function draftsOf(owner: string, sent: ReadonlySet<string>) {
  try {
    return await drafts(owner, sent);
  } catch (error) {
    if (error instanceof DOMException) return [];
    throw error;
  }
}
