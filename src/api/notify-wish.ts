/** What a job may be handed in with: who is told of its end. */
import * as z from 'zod';
import { MIN_SECRET_CHARACTERS } from '../jobs/notification-address.ts';

export const address = z.string().min(3).max(2048);
export const secret = z
  .string()
  .min(MIN_SECRET_CHARACTERS, `the secret must have at least ${MIN_SECRET_CHARACTERS} characters`)
  .max(256);

export const notifyWish = z.strictObject({
  webhook: z.strictObject({ url: address, secret }).optional(),
  email: address.optional(),
});
