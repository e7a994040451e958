/** What OpenAI's clients ask for (https://platform.openai.com/docs/api-reference/audio/createTranscription), in our words. */
import { type InstalledModel, installedModels } from '../../jobs/installed-models.ts';
import type { Wish } from '../../jobs/submit-upload.ts';
import type { Caller } from '../caller.ts';
import type { ApiContext } from '../context.ts';
import type { Form } from '../form.ts';
import { ANSWER_FORMATS, type AnswerFormat, GRANULARITIES, type Granularity } from '../schemas/openai.ts';
import { type GivenWish, wishOf } from '../wish.ts';
import { ParameterError } from './errors.ts';

/** The name that every client knows; here it is whatever the settings say. */
export const DEFAULT_MODEL = 'whisper-1';

export interface Wanted {
  wish: Wish;
  format: AnswerFormat;
  granularities: readonly Granularity[];
}

/**
 * Reads the fields of the form. `prompt`, `temperature` and whatever else is not known here make no difference.
 * @throws ParameterError
 */
export async function wantedOf(context: ApiContext, fields: Form['fields'], caller: Caller): Promise<Wanted> {
  const one = (name: string) => fields.findLast(([each]) => each === name)?.[1];
  if (one('stream') === 'true') {
    throw new ParameterError(
      'stream',
      'Longhand gives the text as a whole and does not stream it; leave "stream" out.',
      {
        code: 'unsupported_value',
      },
    );
  }
  const language = one('language');
  const given = { ...(await modelOf(context, one('model'))), ...(language ? { language: languageOf(language) } : {}) };
  return {
    wish: wishOf(given, context.intake.defaults, caller),
    format: oneOf(ANSWER_FORMATS, 'response_format', one('response_format') ?? 'json'),
    granularities: granularitiesOf(fields),
  };
}

/** The models that a client may name. */
export async function modelsOf({ engines, settings }: ApiContext): Promise<InstalledModel[]> {
  return await installedModels(engines, settings);
}

async function modelOf(context: ApiContext, name: string | undefined): Promise<GivenWish> {
  if (name === undefined || name === DEFAULT_MODEL) return {};
  const models = await modelsOf(context);
  const found = models.find((model) => model.name === name);
  if (found) return { engine: found.engine, model: found.name };
  throw modelNotFound(name, models);
}

export function modelNotFound(name: string, models: readonly InstalledModel[]): ParameterError {
  const names = [DEFAULT_MODEL, ...models.map((model) => model.name)].join(', ');
  return new ParameterError('model', `The model ${JSON.stringify(name)} is not installed. There are: ${names}.`, {
    status: 404,
    code: 'model_not_found',
  });
}

function languageOf(text: string): string {
  if (/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(text)) return text;
  throw new ParameterError('language', `${JSON.stringify(text)} is no language; give a code such as "en" or "th".`);
}

function granularitiesOf(fields: Form['fields']): readonly Granularity[] {
  const param = 'timestamp_granularities';
  const given = fields.filter(([name]) => name === param || name === `${param}[]`).map(([, value]) => value);
  if (given.length === 0) return ['segment'];
  return given.map((value) => oneOf(GRANULARITIES, param, value));
}

function oneOf<T extends string>(values: readonly T[], param: string, text: string): T {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw new ParameterError(
    param,
    `${JSON.stringify(text)} cannot be the ${param}; it is one of: ${values.join(', ')}.`,
  );
}
