import { useQuery } from '@tanstack/react-query';
import type { Statistics } from '../../api-types.ts';
import { get } from '../../client.ts';
import { locale, speed } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { historyWords } from './words.ts';

/** The service counts once a minute. */
const REFRESH_MS = 60_000;

/** What was done so far, in a line. */
export function StatisticsLine() {
  const words = useWords(historyWords);
  const { data } = useQuery({
    queryKey: ['statistics'],
    queryFn: ({ signal }) => get<Statistics>('/api/statistics?days=1', signal),
    refetchInterval: REFRESH_MS,
    staleTime: REFRESH_MS,
  });
  if (!data || data.jobs.total === 0) return <span>{words.about}</span>;
  const hours = data.audioSeconds / 3600;
  const parts = [
    words.recordings(data.jobs.total),
    words.hours(hours.toLocaleString(locale(), { maximumFractionDigits: hours < 10 ? 1 : 0 })),
    ...(data.successRate === null ? [] : [words.success(Math.floor(data.successRate * 100))]),
    ...(data.speed === null || data.speed === 0 ? [] : [words.speed(speed(data.speed))]),
  ];
  return <span data-figure="">{parts.join(' · ')}</span>;
}
