/** Who is told when a job ends, and what they were told. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { NOTIFICATION_EVENTS } from '../../domain/notification.ts';
import type { DeliveryView, TargetView } from '../../jobs/notifications.ts';
import { address, secret } from '../notify-wish.ts';
import { limit, moment } from './common.ts';
import { problems } from './problem.ts';

const TAGS = ['Notifications'];

const events = z
  .array(z.enum(NOTIFICATION_EVENTS))
  .min(1)
  .transform((wanted) => [...new Set(wanted)]);
const kind = z.enum(['webhook', 'email']);
const targetId = z.object({ id: z.coerce.number().int().positive().describe('Number of the target') });

const target = z
  .strictObject({
    id: z.int(),
    kind,
    address: z.string(),
    events: z.array(z.enum(NOTIFICATION_EVENTS)),
    signed: z.boolean().describe('It has a secret, which is not shown'),
    enabled: z.boolean(),
    origin: z.enum(['user', 'settings']),
    createdAt: moment,
  })
  .meta({ id: 'NotificationTarget' }) satisfies z.ZodType<TargetView>;

const delivery = z
  .strictObject({
    id: z.int(),
    eventId: z.string().describe('As the receiver sees it: the same at every try'),
    event: z.enum([...NOTIFICATION_EVENTS, 'test']),
    target: z.int(),
    kind,
    address: z.string(),
    job: z.int().nullable(),
    status: z.enum(['pending', 'delivered', 'failed']),
    tries: z.int(),
    createdAt: moment,
    triedAt: moment.nullable(),
    nextAt: moment.nullable().describe('When it is tried again; null when it is over'),
    endedAt: moment.nullable(),
    httpStatus: z.int().nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'Delivery' }) satisfies z.ZodType<DeliveryView>;

export const listTargets = {
  tags: TAGS,
  operationId: 'listNotificationTargets',
  summary: 'Who is told when a job ends',
  response: { 200: z.strictObject({ targets: z.array(target) }) },
} satisfies FastifySchema;

export const createTarget = {
  tags: TAGS,
  operationId: 'createNotificationTarget',
  summary: 'Have somebody told when a job ends: a web address, or by e-mail',
  body: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('webhook'),
      address,
      secret,
      events: events.default(['completed', 'failed']),
    }),
    z.strictObject({ kind: z.literal('email'), address, events: events.default(['completed', 'failed']) }),
  ]),
  response: { 201: target },
} satisfies FastifySchema;

export const changeTarget = {
  tags: TAGS,
  operationId: 'changeNotificationTarget',
  summary: 'Change a target, or switch it off and on',
  params: targetId,
  body: z.strictObject({
    address: address.optional(),
    secret: secret.optional(),
    events: events.optional(),
    enabled: z.boolean().optional(),
  }),
  response: { 200: target, ...problems(404, 409) },
} satisfies FastifySchema;

export const deleteTarget = {
  tags: TAGS,
  operationId: 'deleteNotificationTarget',
  summary: 'Remove a target, with what was still to be told there',
  params: targetId,
  response: { 200: target, ...problems(404, 409) },
} satisfies FastifySchema;

export const testTarget = {
  tags: TAGS,
  operationId: 'testNotificationTarget',
  summary: 'Tell a target something at once, and hear how that went',
  params: targetId,
  response: { 200: delivery, ...problems(404) },
} satisfies FastifySchema;

export const listDeliveries = {
  tags: TAGS,
  operationId: 'listDeliveries',
  summary: 'What was told to whom, the newest first',
  querystring: z.object({
    target: targetId.shape.id.optional(),
    status: z.enum(['pending', 'delivered', 'failed']).optional(),
    limit: limit(1000, 100),
  }),
  response: { 200: z.strictObject({ deliveries: z.array(delivery) }) },
} satisfies FastifySchema;
