/** What this page asks the service for. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  SavedTranscript,
  Transcript,
  TranscriptComparison,
  TranscriptVersions,
  Waveform,
} from '../../api-types.ts';
import { ask, get, ProblemError, send, UnreachableError, withQuery } from '../../client.ts';
import { keys, queryClient } from '../../queries.ts';
import type { changesOf, wholeOf } from './document.ts';

const PASSAGES = 100;
const PICTURE_RETRY_MS = 2_000;

export interface LoadedTranscript {
  /** Of the version. */
  number: number;
  transcript: Transcript;
}

export function transcriptQuery(id: number) {
  return queryOptions({
    queryKey: [...keys.job(id), 'transcript'],
    queryFn: async ({ signal }): Promise<LoadedTranscript> => {
      const response = await send('GET', `/api/jobs/${id}/transcript?format=json`, undefined, signal);
      const transcript = (await response.json()) as Transcript;
      return { number: Number(response.headers.get('x-transcript-version')), transcript };
    },
    // Megabytes, and the same text as a rule: what is the same stays the same object.
    structuralSharing: true,
  });
}

export function versionsQuery(id: number) {
  return queryOptions({
    queryKey: [...keys.job(id), 'versions'],
    queryFn: ({ signal }) => get<TranscriptVersions>(`/api/jobs/${id}/transcript/versions`, signal),
  });
}

export function comparisonQuery(id: number, from: number, to: number) {
  const path = `/api/jobs/${id}/transcript/compare`;
  return infiniteQueryOptions({
    queryKey: [...keys.job(id), 'compare', from, to],
    queryFn: ({ signal, pageParam }) =>
      get<TranscriptComparison>(withQuery(path, { from, to, after: pageParam, limit: PASSAGES }), signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
}

export function waveformQuery(id: number) {
  return queryOptions({
    queryKey: [...keys.job(id), 'waveform'],
    queryFn: ({ signal }) => get<Waveform>(`/api/jobs/${id}/waveform`, signal),
    retry: (_count, error) =>
      error instanceof UnreachableError || (error instanceof ProblemError && error.code === 'waveform_not_ready'),
    retryDelay: PICTURE_RETRY_MS,
  });
}

type Changes = ReturnType<typeof changesOf> | ReturnType<typeof wholeOf>;

export function saveVersion(id: number, base: number, changes: Changes, note = ''): Promise<SavedTranscript> {
  return ask('PUT', `/api/jobs/${id}/transcript`, { base, ...changes, ...(note === '' ? {} : { note }) });
}

export function restoreVersion(id: number, version: number): Promise<SavedTranscript> {
  return ask('POST', `/api/jobs/${id}/transcript/versions/${version}/restore`, {});
}

/** There is another version by now. */
export async function askAgain(id: number): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: transcriptQuery(id).queryKey }),
    queryClient.invalidateQueries({ queryKey: versionsQuery(id).queryKey }),
  ]);
}
