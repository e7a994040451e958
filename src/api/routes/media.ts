/** What a player needs of a job: its sound and the picture of it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { UsageError } from '../../domain/errors.ts';
import { type PlayableFile, WaveformNotReadyError } from '../../jobs/media.ts';
import { clientGone } from '../client-gone.ts';
import type { ApiContext } from '../context.ts';
import { hasAlready, partOf } from '../range.ts';
import * as schemas from '../schemas/media.ts';

/** The browser keeps it, and asks each time whether it may still have it. */
const CACHED = 'private, no-cache';

/** The recording does not reach as far as the part that was asked for. */
class NoSuchPartError extends UsageError {
  readonly statusCode = 416;
  readonly code = 'no_such_part';

  constructor(bytes: number) {
    super(`The recording has ${bytes} bytes; the part that was asked for is not among them.`);
  }
}

export function mediaRoutes(server: FastifyInstance, { media }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  const playable = async (request: FastifyRequest, reply: FastifyReply) => {
    const { id } = request.params as { id: number };
    const found = await media.audio(id, clientGone(reply));
    return answer(found, request, reply);
  };
  server.head('/api/jobs/:id/audio', { schema: schemas.showAudioFacts }, playable);
  server.get('/api/jobs/:id/audio', { schema: schemas.showAudio, exposeHeadRoute: false }, playable);

  app.get('/api/jobs/:id/waveform', { schema: schemas.showWaveform }, async (request, reply) => {
    try {
      const { waveform, tag } = await media.waveform(request.params.id, clientGone(reply));
      const etag = `"${tag}"`;
      reply.headers({ etag, 'cache-control': CACHED });
      if (hasAlready(request.headers['if-none-match'], etag)) return reply.code(304).send(null);
      return waveform;
    } catch (error) {
      if (error instanceof WaveformNotReadyError) reply.header('retry-after', String(error.retryAfterSeconds));
      throw error;
    }
  });
}

/** Sends the file, or the part that was asked for. Closes it in any case. */
async function answer(found: PlayableFile, request: FastifyRequest, reply: FastifyReply) {
  const { file, bytes, mediaType } = found;
  let isSending = false;
  try {
    const etag = `"${found.tag}"`;
    reply.headers({ etag, 'cache-control': CACHED, 'accept-ranges': 'bytes' });
    if (hasAlready(request.headers['if-none-match'], etag)) return reply.code(304).send();
    const part = partOf(request.headers, etag, bytes);
    if (part === 'none') {
      reply.header('content-range', `bytes */${bytes}`);
      throw new NoSuchPartError(bytes);
    }
    const { start, end } = part === 'whole' ? { start: 0, end: bytes - 1 } : part;
    const length = end - start + 1;
    reply.type(mediaType).header('content-length', length);
    if (part !== 'whole') reply.code(206).header('content-range', `bytes ${start}-${end}/${bytes}`);
    if (request.method === 'HEAD') return reply.send();
    const stream = file.createReadStream({ start, end });
    // A file that became shorter meanwhile: whoever counts on more would wait for it.
    stream.on('end', () => {
      if (stream.bytesRead < length) reply.raw.destroy();
    });
    isSending = true;
    return reply.send(stream);
  } finally {
    if (!isSending) await file.close();
  }
}
