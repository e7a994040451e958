/** What an admin looks after: the health check, backups, the disk. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { backupsOf, makeBackup, viewOfMade } from '../../jobs/backups.ts';
import type { ApiContext } from '../context.ts';
import type { ToldSetting } from '../schemas/settings.ts';
import * as schemas from '../schemas/upkeep.ts';

const STATES = { good: 'ok', optional: 'ok', warning: 'warning', missing: 'failed' } as const;
const RETENTION: readonly string[] = ['uploadHours', 'logDays', 'logTotalBytes', 'eventDays', 'usageDays'];

export function upkeepRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, upkeep, settingsControl } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();
  let examining: ReturnType<typeof examined> | undefined;

  async function examined(examine: () => Promise<schemas.Examination>) {
    const { status, checks } = await examine();
    return {
      status,
      at: new Date(store.clock.now()).toISOString(),
      checks: checks.map(({ name, state, detail, remedy = null }) => ({
        ...{ name, state: STATES[state], optional: state === 'optional', sentence: detail, remedy },
      })),
    };
  }

  app.get('/api/doctor', { schema: schemas.showDoctor }, () => {
    examining ??= examined(upkeep.examine).finally(() => {
      examining = undefined;
    });
    return examining;
  });

  app.get('/api/backups', { schema: schemas.listBackups }, async () => ({ backups: backupsOf(store) }));

  app.post('/api/backups', { schema: schemas.makeBackup }, async (_request, reply) =>
    reply.code(201).send(viewOfMade(await makeBackup(store))),
  );

  app.get('/api/storage', { schema: schemas.showStorage }, async () => ({
    ...(await upkeep.storage()),
    retention: settingsControl.told().flatMap(retentionOf),
  }));
}

function retentionOf({ name, about, value, unit }: ToldSetting) {
  if (!RETENTION.includes(name) || typeof value !== 'number') return [];
  return unit === 'hours' || unit === 'days' || unit === 'bytes' ? [{ setting: name, about, value, unit }] : [];
}
