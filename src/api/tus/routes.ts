/**
 * `/api/uploads`: uploads that are taken up again where they were broken off (tus 1.0.0). One that is whole becomes a job by
 * `POST /api/jobs {"upload": ID}`, or at once when its metadata say `autostart true`.
 */
import { Server } from '@tus/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { UsageError } from '../../domain/errors.ts';
import { isUploadId, newUploadId } from '../../files/upload-folder.ts';
import { ownRecord, submitParts, UploadNotFoundError } from '../../jobs/submit-parts.ts';
import { accept, requireAccepting } from '../accept.ts';
import type { Caller } from '../caller.ts';
import type { ApiContext } from '../context.ts';
import { problemOf } from '../problem.ts';
import * as schemas from '../schemas/uploads.ts';
import { wishOf, wishOfMetadata } from '../wish.ts';
import { UploadLocker } from './locker.ts';
import { callers, TusStore } from './store.ts';

const PATH = '/api/uploads';
/** How long a request that another one wants to follow may still write what it has. */
const DRAIN_MS = 500;

export function tusRoutes(server: FastifyInstance, context: ApiContext): void {
  const tus = tusServer(context);
  // The body is the tus server's to read.
  server.addContentTypeParser(schemas.PART_MEDIA_TYPE, (_request, _body, done) => done(null));
  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack();
    try {
      await callers.run(request.caller, () => tus.handle(request.raw, reply.raw));
    } catch (error) {
      // Half an answer may be gone already: nothing can be said any more.
      reply.raw.destroy(error as Error);
    }
  };
  const taking = { preHandler: async () => requireAccepting(context), handler: handle };
  server.route({ method: 'POST', url: PATH, schema: schemas.createUpload, ...taking });
  server.route({ method: 'OPTIONS', url: PATH, schema: schemas.showUploads, ...taking });

  const own = {
    url: `${PATH}/:id`,
    preHandler: async ({ params, caller }: FastifyRequest) => {
      const { id } = params as { id: string };
      await ownRecord(context.dataDir, { id, userId: caller.userId });
    },
    handler: handle,
  };
  const config = { swagger: { exposeHeadRoute: true } };
  server.route({ ...own, method: 'HEAD', schema: schemas.showUpload, config });
  server.route({
    ...{ ...own, method: 'PATCH', schema: schemas.continueUpload },
    config: { reads: { [schemas.PART_MEDIA_TYPE]: z.file() } },
  });
  server.route({ ...own, method: 'DELETE', schema: schemas.deleteUpload });
  server.route({ ...own, method: 'OPTIONS', schema: schemas.showUploadOptions });
}

function tusServer(context: ApiContext): Server {
  const { intake } = context;
  return new Server({
    path: PATH,
    datastore: new TusStore(context),
    locker: new UploadLocker(),
    lockDrainTimeout: DRAIN_MS,
    maxSize: intake.maxUploadBytes,
    // Whatever a client says of its host or a proxy's does not come into the answer.
    relativeLocation: true,
    // No other site's page may use it.
    allowedOrigins: [],
    namingFunction: newUploadId,
    getFileIdFromRequest: (_request, id) => (id !== undefined && isUploadId(id) ? id : undefined),
    onUploadCreate: async (_request, { size, metadata = {} }) => {
      if (size === 0) throw new UsageError('An empty file is no recording.');
      wishOf(wishOfMetadata(metadata), intake.defaults, caller());
      return {};
    },
    onUploadFinish: async (_request, { id, metadata }) => {
      if (metadata?.autostart !== 'true') return {};
      const { id: jobId, duplicateOf } = await accept(context, (makeRoom) => {
        const whose = { id, userId: caller().userId };
        return submitParts({ ...context, makeRoom }, whose, (record) =>
          wishOf(wishOfMetadata(record.metadata), intake.defaults, caller()),
        );
      });
      const known = duplicateOf ? { 'X-Longhand-Duplicate': duplicateOf.status } : {};
      return { headers: { 'X-Longhand-Job': String(jobId), ...known } };
    },
    onResponseError: (_request, error) => {
      // What the tus server refuses has its status and its words already.
      if ('status_code' in error) return undefined;
      const { status, detail, remedy } = problemOf(error);
      return { status_code: status, body: `${[detail, remedy].filter(Boolean).join(' ')}\n` };
    },
  });
}

function caller(): Caller {
  const asking = callers.getStore();
  if (!asking) throw new UploadNotFoundError();
  return asking;
}
