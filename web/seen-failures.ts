/** Which failed jobs somebody has looked at in this browser: each end of each job, the newest last, so many at most. */
import { useSyncExternalStore } from 'react';
import type { Job } from './api-types.ts';

const KEPT = 'longhand.seen-failures';
const MOST = 500;

type Ended = Pick<Job, 'id' | 'status' | 'completedAt'>;

const watchers = new Set<() => void>();
let seen: ReadonlySet<string> = read();

function read(): ReadonlySet<string> {
  return new Set((localStorage.getItem(KEPT) ?? '').split(' ').filter(Boolean));
}

/** A job that fails again has not been looked at again. */
function nameOf({ id, completedAt }: Ended): string {
  return `${id}@${completedAt ?? ''}`;
}

/** Somebody has looked at it. A job that did not fail is none of this. */
export function markSeen(...jobs: readonly Ended[]): void {
  const names = jobs.filter((job) => job.status === 'failed' && !seen.has(nameOf(job))).map(nameOf);
  if (names.length === 0) return;
  // Another tab may have looked at others meanwhile.
  seen = new Set([...read(), ...names].slice(-MOST));
  localStorage.setItem(KEPT, [...seen].join(' '));
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** In another tab. */
window.addEventListener('storage', ({ key }) => {
  if (key !== KEPT) return;
  seen = read();
  for (const watcher of watchers) watcher();
});

/** Tells whether a failed job was looked at. */
export function useSeen(): (job: Ended) => boolean {
  const now = useSyncExternalStore(watch, () => seen);
  return (job) => now.has(nameOf(job));
}
