/** What OpenAI's clients call: with a base URL that ends in `/v1` they work as they are. */
import type { FastifyInstance } from 'fastify';
import type { InstalledModel } from '../../jobs/installed-models.ts';
import { transcriptOf } from '../../jobs/transcript.ts';
import { jobFolder } from '../../supervisor/job-files.ts';
import { accept, requireAccepting } from '../accept.ts';
import type { ApiContext } from '../context.ts';
import { receiveForm } from '../form.ts';
import { createTranscription, listOpenAiModels, showOpenAiModel, transcriptionForm } from '../schemas/openai.ts';
import { inWords } from '../server.ts';
import { submitOrDiscard } from '../submit-form.ts';
import { answerOf } from './answer.ts';
import { ClientGoneError, WaitingClients, whileConnected } from './await-job.ts';
import { sendOpenAiError } from './errors.ts';
import { DEFAULT_MODEL, modelNotFound, modelsOf, wantedOf } from './wish.ts';

export function openAiRoutes(server: FastifyInstance, context: ApiContext): void {
  server.register(async (v1) => {
    v1.setErrorHandler((error, _request, reply) => sendOpenAiError(reply, inWords(error)));
    transcriptionRoute(v1, context);
    modelRoutes(v1, context);
  });
}

const FORM = { reads: { 'multipart/form-data': transcriptionForm } };

function transcriptionRoute(server: FastifyInstance, context: ApiContext): void {
  const { store, dataDir, intake } = context;
  const waiting = new WaitingClients(context);
  const closing = new AbortController();
  server.addHook('preClose', async () => closing.abort());

  /** The recording becomes a job, which everybody sees and which a restart does not lose; its text is the answer. */
  server.post('/v1/audio/transcriptions', { schema: createTranscription, config: FORM }, async (request, reply) => {
    requireAccepting(context);
    const gone = whileConnected(reply, closing.signal);
    const wanted = (fields: Parameters<typeof wantedOf>[1]) => wantedOf(context, fields, request.caller);
    const { fields, upload } = await receiveForm(request, { dataDir, maxBytes: intake.maxUploadBytes, check: wanted });
    const { wish, format, granularities } = await wanted(fields);
    const job = await accept(context, (makeRoom) => submitOrDiscard({ ...context, makeRoom }, upload, wish));
    try {
      await waiting.done(job, gone);
    } catch (error) {
      if (!(error instanceof ClientGoneError)) throw error;
      // Nobody reads an answer.
      return reply.hijack();
    }
    // It may have taken hours.
    await request.requireStillIn?.();
    const { mediaType, body } = answerOf(
      await transcriptOf(store, job.id, jobFolder(dataDir, job.id)),
      format,
      granularities,
    );
    return reply.header('x-longhand-job', job.id).type(mediaType).send(body);
  });
}

function modelRoutes(server: FastifyInstance, context: ApiContext): void {
  server.get('/v1/models', { schema: listOpenAiModels }, async () => ({
    object: 'list',
    data: [DEFAULT, ...(await modelsOf(context)).map(modelView)],
  }));

  server.get<{ Params: { model: string } }>(
    '/v1/models/:model',
    { schema: showOpenAiModel },
    async ({ params: { model: name } }) => {
      if (name === DEFAULT_MODEL) return DEFAULT;
      const models = await modelsOf(context);
      const found = models.find((model) => model.name === name);
      if (!found) throw modelNotFound(name, models);
      return modelView(found);
    },
  );
}

function modelView({ name, engine, installedAt }: InstalledModel) {
  return { id: name, object: 'model', created: Math.floor(installedAt / 1000), owned_by: engine };
}

/** Not a model of its own: what the settings say. */
const DEFAULT = { id: DEFAULT_MODEL, object: 'model', created: 0, owned_by: 'longhand' };
