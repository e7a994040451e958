import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { wishFields } from '../wish.ts';
import { submitted } from './jobs.ts';
import { problems } from './problem.ts';

export const createSample = {
  tags: ['Jobs'],
  operationId: 'createSample',
  summary: 'Make a job of the recording that ships with Longhand, to see it work',
  description:
    'Answers 201 with the new job; 200, with `duplicateOf`, when there is one for it already. Without a body it is taken as English, and the settings say the rest.',
  body: z.strictObject(wishFields).nullish(),
  response: { 200: submitted, 201: submitted, ...problems(404, 422, 503, 507) },
} satisfies FastifySchema;
