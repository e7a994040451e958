import type { Announcement } from '../../src/api/client.ts';
import type { News } from '../../src/supervisor/news.ts';

/**
 * What a stream announces, as the owner itself tells it: a change of state once all that belongs to it is done.
 * @returns undefined for what the owner does not tell
 */
export function newsOf(data: unknown): News | undefined {
  const announced = data as Announcement;
  if (announced.type === 'settled') return { ...announced, type: 'state' };
  // With an id it is the row that has changed; `settled` will come.
  return announced.type === 'state' && announced.id !== undefined ? undefined : announced;
}
