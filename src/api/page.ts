/** The page that people see: files of the build, sent as they are, and nothing else from the disk. Only over TCP. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { LonghandError } from '../domain/errors.ts';
import { PACKAGE_ROOT } from '../package-root.ts';

const FOLDER = join(PACKAGE_ROOT, 'dist', 'web');
/** Addresses that the page itself makes something of. */
const ADDRESSES = ['/', '/history', '/jobs/*', '/settings', '/settings/*'];
/** Files whose name stays while their content may change. */
const FILES = { '/icon.svg': 'image/svg+xml', '/theme.js': 'text/javascript; charset=utf-8' } as const;
/** What else is sent has its content's hash in its name. */
const ASSETS = '/assets/';
/** Whatever is fetched for the page without anybody being signed in. */
export const PAGE_ROUTES = [...ADDRESSES, ...Object.keys(FILES), `${ASSETS}*`];

const NONCE_BYTES = 16;
/** Stands in the document where the nonce goes. */
const NONCE_PLACE = '{{nonce}}';
const hidden = { schema: { hide: true } };

/** The page was not built. */
class PageMissingError extends LonghandError {
  readonly statusCode = 503;
  readonly code = 'page_missing';

  constructor() {
    super({ kind: 'usage', message: 'The page was not built.', remedy: 'In the folder of Longhand: npm run build' });
  }
}

export async function pageRoutes(server: FastifyInstance): Promise<void> {
  await server.register(fastifyStatic, {
    root: join(FOLDER, ASSETS),
    prefix: ASSETS,
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
    index: false,
    decorateReply: false,
    schemaHide: true,
  });
  for (const address of ADDRESSES) server.get(address, hidden, async (_request, reply) => sendDocument(reply));
  for (const [address, type] of Object.entries(FILES)) {
    server.get(address, hidden, async (_request, reply) => {
      const content = await fileOf(address);
      return reply.type(type).header('cache-control', 'no-cache').send(content);
    });
  }
}

/**
 * The document. Styles that a library adds while the page runs carry the nonce of this answer; no others are taken, and no
 * script but those of the build.
 */
async function sendDocument(reply: FastifyReply): Promise<FastifyReply> {
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  const document = (await fileOf('/index.html')).toString().replaceAll(NONCE_PLACE, nonce);
  return reply
    .type('text/html; charset=utf-8')
    .header(
      'content-security-policy',
      [
        "default-src 'self'",
        `style-src 'self' 'nonce-${nonce}'`,
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
      ].join('; '),
    )
    .send(document);
}

async function fileOf(address: string): Promise<Buffer> {
  try {
    return await readFile(join(FOLDER, address));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new PageMissingError();
    throw error;
  }
}
