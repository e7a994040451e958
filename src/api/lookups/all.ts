import type { LookUp } from './look-up.ts';

/** Where a look-up is found by its path. Each is loaded when it is asked for, so that nobody waits for the others. */
export const LOOK_UPS: Readonly<Record<string, () => Promise<LookUp>>> = {
  '/api/queue': async () => (await import('./queue.ts')).queue,
  '/api/jobs': async () => (await import('./jobs.ts')).jobs,
  '/api/job-ids': async () => (await import('./jobs.ts')).idsOfJobs,
  '/api/jobs/:id': async () => (await import('./jobs.ts')).job,
  '/api/jobs/:id/usage': async () => (await import('./jobs.ts')).jobUsage,
  '/api/jobs/:id/details': async () => (await import('./details.ts')).jobDetails,
  '/api/jobs/:id/log': async () => (await import('./log.ts')).log,
  '/api/jobs/:id/transcript': async () => (await import('./transcript.ts')).transcript,
  '/api/audit': async () => (await import('./audit.ts')).audit,
  '/api/users': async () => (await import('./access.ts')).allUsers,
  '/api/keys': async () => (await import('./access.ts')).allKeys,
  '/api/notifications/targets': async () => (await import('./notifications.ts')).targets,
  '/api/notifications/deliveries': async () => (await import('./notifications.ts')).deliveries,
};
