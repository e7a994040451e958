/** What may be asked for with a recording, as JSON or as the fields of a form. What is left out, the settings say. */
import * as z from 'zod';
import { LonghandError, UsageError } from '../domain/errors.ts';
import { ENGINE_NAMES } from '../engines/engine.ts';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../jobs/priority.ts';
import { type SubmissionSettings, submissionOf } from '../jobs/submission.ts';
import type { Wish } from '../jobs/submit-upload.ts';
import type { Caller } from './caller.ts';
import { pageFields } from './live/fields.ts';
import { notifyWish } from './notify-wish.ts';

/** More engine workers or threads than any machine has cores for. */
const MOST_WORKERS = 256;

/** The options of a job. */
export const wishFields = {
  engine: z.enum(['auto', ...ENGINE_NAMES]).optional(),
  model: z.string().min(1).max(4096).optional(),
  language: z.string().min(2).max(35).optional(),
  processes: z.int().positive().max(MOST_WORKERS).optional(),
  workers: z.int().positive().max(MOST_WORKERS).optional(),
  preprocessWorkers: z.int().positive().max(MOST_WORKERS).optional(),
  chunkDurationSeconds: z.number().positive().optional(),
  overlapSeconds: z.number().min(0).optional(),
  chunkTimeoutSeconds: z.number().positive().optional(),
  again: z.boolean().optional(),
  priority: z.int().min(LOWEST_PRIORITY).max(HIGHEST_PRIORITY).optional(),
  ...pageFields,
  notify: notifyWish.optional(),
};

const options = z.strictObject(wishFields);

/** What was said; the rest is undefined. */
export type GivenWish = z.infer<typeof options>;

const NUMBERS = [
  'processes',
  'workers',
  'preprocessWorkers',
  'chunkDurationSeconds',
  'overlapSeconds',
  'chunkTimeoutSeconds',
  'priority',
];
const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false };

/** The options in a form, where all is text. @throws UsageError naming the field that is none or cannot be used */
export function wishOfForm(fields: readonly (readonly [string, string])[]): GivenWish {
  const parsed = options.safeParse(Object.fromEntries(fields.map(([name, text]) => [name, meant(name, text)])));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
  throw new UsageError(`The request is not valid: ${faults.join('; ')}.`);
}

/** The options among what a client says of an upload; clients add things of their own. @throws as `wishOfForm` */
export function wishOfMetadata(metadata: Readonly<Record<string, string | null>>): GivenWish {
  return wishOfForm(
    Object.entries(metadata).flatMap(([name, text]) =>
      name in wishFields && text !== null ? [[name, text] as const] : [],
    ),
  );
}

/** What stands for no such value is left to the check. */
function meant(name: string, text: string): unknown {
  if (NUMBERS.includes(name)) return text.trim() === '' ? text : Number(text);
  if (name === 'notify') return fromJson(text);
  return name === 'again' ? (FLAGS[text] ?? text) : text;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** A path was given by somebody who may be on another machine. */
export class PathNotAllowedError extends LonghandError {
  readonly statusCode = 403;
  readonly code = 'path_not_allowed';

  constructor(what: string, remedy: string) {
    super({ kind: 'usage', message: `${what} by its path only from the command line on this machine.`, remedy });
  }
}

/** The name of a model, and never a path. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * What was asked for, with what the settings say of the rest, in the name of whoever asks.
 * @throws PathNotAllowedError for the file of a model, unless the caller may read this account's files anyway
 */
export function wishOf(given: GivenWish, defaults: SubmissionSettings, caller: Caller): Wish {
  const { model } = given;
  if (model !== undefined && !caller.local && (!MODEL_NAME.test(model) || model.endsWith('.bin'))) {
    throw new PathNotAllowedError('A model is named', 'Name one of: longhand models list');
  }
  const { path: _, ...settings } = submissionOf('', defaults);
  // The model that is set belongs to the engine that is set.
  const otherEngine = given.engine !== undefined && given.engine !== defaults.engine;
  return {
    ...settings,
    ...(otherEngine ? { model: 'auto' } : {}),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(caller.userId === null ? {} : { userId: caller.userId }),
  };
}
