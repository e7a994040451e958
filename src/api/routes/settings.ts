/** What Longhand is set to. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { changeSettings } from '../../jobs/settings.ts';
import type { ApiContext } from '../context.ts';
import * as schemas from '../schemas/settings.ts';

export function settingRoutes(server: FastifyInstance, { store, settingsControl }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get('/api/settings', { schema: schemas.showSettings }, async () => {
    const settings = settingsControl.told();
    return { settings, waitingForRestart: settings.filter((one) => one.waitsForRestart).map(({ name }) => name) };
  });

  /** All of them or none. */
  app.patch('/api/settings', { schema: schemas.changeSettings }, async ({ body }) => {
    const changed = await changeSettings(store, settingsControl, body);
    return { changed, restartNeeded: changed.some((one) => one.waitsForRestart) };
  });
}
