/** What the settings ask the API, each under its own key below `settings`, so that one change makes all of them old. */
import { queryOptions } from '@tanstack/react-query';
import type {
  Backups,
  Deliveries,
  Doctor,
  Engines,
  Health,
  Keys,
  Settings,
  Storage,
  Targets,
  Users,
} from '../../api-types.ts';
import { get } from '../../client.ts';
import { keys, queryClient } from '../../queries.ts';

/** How often figures are asked for that nobody tells live. */
const FIGURES_MS = 10_000;

const ROOT = 'upkeep';

function query<T>(name: string, path: string) {
  return queryOptions({ queryKey: [ROOT, name], queryFn: ({ signal }) => get<T>(path, signal) });
}

export const settingsQuery = query<Settings>('settings', '/api/settings');
/** It takes a while, so a new look at the section shows the last answer until it is asked for again. */
export const doctorQuery = query<Doctor>('doctor', '/api/doctor');
export const healthQuery = { ...query<Health>('health', '/api/health'), refetchInterval: FIGURES_MS };
export const enginesQuery = query<Engines>('engines', '/api/engines');
export const backupsQuery = { ...query<Backups>('backups', '/api/backups'), staleTime: 0 };
export const storageQuery = { ...query<Storage>('storage', '/api/storage'), staleTime: 0 };
export const targetsQuery = { ...query<Targets>('targets', '/api/notifications/targets'), staleTime: 0 };
export const deliveriesQuery = {
  ...query<Deliveries>('deliveries', '/api/notifications/deliveries?limit=50'),
  staleTime: 0,
  refetchInterval: FIGURES_MS,
};
export const usersQuery = { ...query<Users>('users', '/api/users'), staleTime: 0 };
export const keysQuery = { ...query<Keys>('keys', '/api/keys'), staleTime: 0 };

/** Asks again for some of it. */
export function refresh(...names: string[]): Promise<unknown> {
  return Promise.all(names.map((name) => queryClient.invalidateQueries({ queryKey: [ROOT, name] })));
}

/** A setting was changed: what depends on it is asked for again. */
export async function settingsChanged(): Promise<void> {
  void queryClient.invalidateQueries({ queryKey: keys.queue });
  void refresh('engines', 'storage');
  await refresh('settings');
}

/** A model came or went. */
export async function modelsChanged(): Promise<void> {
  void refresh('engines', 'storage');
  await queryClient.invalidateQueries({ queryKey: keys.models });
}
