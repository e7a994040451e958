import type { WaitingGroup } from '../store/queue-outlook.ts';
import { type Estimates, START_SECONDS } from './estimates.ts';

const SECONDS_PER_MINUTE = 60;

/**
 * Seconds of work that wait, each job with the machine to itself. A job of unknown length counts as the mean of the others;
 * where none is known, as nothing but its start. The sum may be half a minute old.
 */
export async function queueWorkSeconds(estimates: Pick<Estimates, 'waitingInSum' | 'learned'>): Promise<number> {
  const groups = await estimates.waitingInSum();
  let [seconds, known, unknown] = [0, 0, 0];
  for (const group of groups) {
    seconds += await secondsOf(estimates, group);
    known += group.known;
    unknown += group.count - group.known;
  }
  return seconds + unknown * (known > 0 ? seconds / known : START_SECONDS);
}

/** Of the jobs whose length is known. */
async function secondsOf(estimates: Pick<Estimates, 'learned'>, group: WaitingGroup): Promise<number> {
  if (group.known === 0) return 0;
  const { factor } = await estimates.learned(group);
  return group.known * START_SECONDS + group.minutes * SECONDS_PER_MINUTE * factor;
}
